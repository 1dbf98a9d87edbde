import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { displayOfKey, hashOfKey, isWellFormedKey, newApiKey, randomBytesForKey } from './api-key.ts';

const someKey = () => newApiKey(randomBytes(randomBytesForKey));

describe('newApiKey', () => {
  it('makes sk- and 48 base62 characters that pass their own checksum', () => {
    for (let count = 0; count < 200; count += 1) {
      const key = someKey();
      expect(key).toMatch(/^sk-[0-9A-Za-z]{48}$/);
      expect(isWellFormedKey(key)).toBe(true);
    }
  });

  it('uses every character of the alphabet about equally often', () => {
    const counts = new Map<string, number>();
    for (let count = 0; count < 1_000; count += 1) {
      for (const character of someKey().slice(3, 45)) {
        counts.set(character, (counts.get(character) ?? 0) + 1);
      }
    }
    expect(counts.size).toBe(62);
    // 42,000 characters over 62: 677 each, with a standard deviation of 26.
    expect(Math.min(...counts.values())).toBeGreaterThan(677 - 6 * 26);
    expect(Math.max(...counts.values())).toBeLessThan(677 + 6 * 26);
  });

  it('refuses to make a key from too little chance', () => {
    expect(() => newApiKey(new Uint8Array(41))).toThrow(RangeError);
  });
});

describe('isWellFormedKey', () => {
  it('refuses every key with one changed character', () => {
    const key = someKey();
    for (let at = 3; at < key.length; at += 1) {
      const other = key[at] === 'x' ? 'y' : 'x';
      expect(isWellFormedKey(key.slice(0, at) + other + key.slice(at + 1))).toBe(false);
    }
  });

  it.each([
    '',
    'sk-',
    'Bearer',
    'sk-live-abc',
    `sk-${'0'.repeat(47)}`,
    `sk-${'0'.repeat(49)}`,
    `pk-${'0'.repeat(48)}`,
  ])('refuses %j', (text) => {
    expect(isWellFormedKey(text)).toBe(false);
  });
});

describe('hashOfKey', () => {
  it('depends on the pepper, so the table alone does not tell whether a guess is right', () => {
    const key = someKey();
    expect(hashOfKey(key, 'a'.repeat(32)).equals(hashOfKey(key, 'b'.repeat(32)))).toBe(false);
    expect(hashOfKey(key, 'a'.repeat(32)).equals(hashOfKey(key, 'a'.repeat(32)))).toBe(true);
    expect(hashOfKey(key, 'a'.repeat(32))).toHaveLength(32);
  });
});

describe('displayOfKey', () => {
  it('shows eleven of fifty-one characters', () => {
    const key = someKey();
    expect(displayOfKey(key)).toEqual({ displayPrefix: key.slice(0, 7), lastFour: key.slice(47) });
  });
});
