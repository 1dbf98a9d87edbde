import { describe, expect, it } from '@jest/globals';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import {
  chainDifference,
  cutOf,
  dayAfter,
  dayOf,
  keyIdOf,
  noSeal,
  sealDifference,
  sealKeysOf,
  signedSeal,
} from './seal.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = createPublicKey(privateKey);
const keys = new Map([[keyIdOf(publicKey), publicKey]]);
const sealed = (day: string, previous = noSeal) =>
  signedSeal(
    { day, cut: cutOf(day), books: 2, entries: 9, root: 'a'.repeat(64), previous, keyId: keyIdOf(publicKey) },
    privateKey,
  );

describe('a seal', () => {
  it('is known by its key and by nothing that was changed', () => {
    const seal = sealed('2026-11-22');
    expect(sealDifference(seal, keys)).toBeUndefined();
    expect(sealDifference({ ...seal, entries: 8 }, keys)).toMatch(/hash/);
    expect(sealDifference({ ...seal, signature: '0'.repeat(128) }, keys)).toMatch(/signature/);
    const other = createPublicKey(generateKeyPairSync('ed25519').privateKey);
    expect(sealDifference(seal, new Map([[keyIdOf(other), other]]))).toMatch(/not given/);
    expect(sealDifference(seal, new Map([[seal.keyId, other]]))).toMatch(/signature/);
  });

  it('follows the one of the day before and no other', () => {
    const first = sealed('2026-02-28');
    expect(chainDifference(first, undefined)).toBeUndefined();
    expect(chainDifference(sealed('2026-03-01', first.hash), first)).toBeUndefined();
    expect(chainDifference(sealed('2026-03-01', first.hash), undefined)).toMatch(/missing/);
    expect(chainDifference(sealed('2026-03-02', first.hash), first)).toMatch(/missing/);
    expect(chainDifference(sealed('2026-03-01'), first)).toMatch(/another seal/);
    expect(chainDifference({ ...first, cut: '2026-02-28T00:00:00.000000Z' }, undefined)).toMatch(/midnight/);
  });

  it('is of the Asia/Shanghai day, which begins at 16:00 UTC', () => {
    expect(dayOf('2026-11-22T15:59:59.999999Z')).toBe('2026-11-22');
    expect(dayOf('2026-11-22T16:00:00.000000Z')).toBe('2026-11-23');
    expect(dayAfter('2028-02-28')).toBe('2028-02-29');
    expect(dayAfter('2026-12-31')).toBe('2027-01-01');
  });

  it('takes Ed25519 keys only', () => {
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    expect([...sealKeysOf(pem + pem).keys()]).toEqual([keyIdOf(publicKey)]);
    expect(() => sealKeysOf('nothing')).toThrow(/Ed25519/);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
      format: 'pem',
      type: 'spki',
    });
    expect(() => sealKeysOf(rsa.toString())).toThrow(/Ed25519/);
  });
});
