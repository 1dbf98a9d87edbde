import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyPair, writeWhole } from '../providers/key-files.ts';

/** A key of the provider: what it signs with, and the number by which the merchant finds the public half. */
export interface PlatformKey {
  readonly serial: string;
  readonly privateKey: KeyObject;
}

export interface SandboxKeys {
  readonly merchantPublicKey: KeyObject;
  /** The provider's key in use first, then the one that is being retired. */
  readonly platformKeys: readonly [PlatformKey, PlatformKey];
  /** 32 bytes; encrypts notifications. */
  readonly apiV3Key: Buffer;
}

/** The provider's public-key id, and the certificate number of the time before it. Both are in use during a switch. */
export const platformSerials = [
  'PUB_KEY_ID_SANDBOX000000000000000001',
  '5A4D0B0C000000000000000000000000000000A1',
] as const;

/** The merchant as the provider registered it. */
export interface SandboxMerchant {
  readonly mchid: string;
  readonly appid: string;
  readonly serial: string;
}

/**
 * Reads the keys of a directory; makes them at the first run, for this installation only and for no other reader.
 * The merchant's side is `merchant.json`, `merchant-private-key.pem`, `api-v3-key` and `public-keys/<serial>.pem`.
 */
export function loadSandboxKeys(directory: string, merchant: SandboxMerchant): SandboxKeys {
  if (!existsSync(join(directory, 'api-v3-key'))) generate(directory);
  writeWhole(join(directory, 'merchant.json'), JSON.stringify(merchant, undefined, 2));
  const read = (...path: string[]) => readFileSync(join(directory, ...path), 'utf8');
  const platformKey = (serial: string): PlatformKey => ({
    serial,
    privateKey: createPrivateKey(read('provider', `${serial}.pem`)),
  });
  return {
    merchantPublicKey: createPublicKey(read('provider', 'merchant-public-key.pem')),
    platformKeys: [platformKey(platformSerials[0]), platformKey(platformSerials[1])],
    apiV3Key: Buffer.from(read('api-v3-key').trim(), 'ascii'),
  };
}

function generate(directory: string): void {
  for (const folder of [directory, join(directory, 'provider'), join(directory, 'public-keys')]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const merchant = keyPair();
  writeWhole(join(directory, 'merchant-private-key.pem'), merchant.privateKey);
  writeWhole(join(directory, 'provider', 'merchant-public-key.pem'), merchant.publicKey);
  for (const serial of platformSerials) {
    const platform = keyPair();
    writeWhole(join(directory, 'provider', `${serial}.pem`), platform.privateKey);
    writeWhole(join(directory, 'public-keys', `${serial}.pem`), platform.publicKey);
  }
  // Written last, so that a run that was interrupted before is done again as a whole.
  writeWhole(join(directory, 'api-v3-key'), randomBytes(16).toString('hex'));
}
