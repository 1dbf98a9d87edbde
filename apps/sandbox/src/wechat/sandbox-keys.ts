import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  createPrivateKey,
  randomBytes,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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

/** Stands before every key: a service in production that is given such a file refuses to start. */
export const sandboxMark = 'SANDBOX KEY: generated for tests, never for production.';

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
  write(join(directory, 'merchant.json'), JSON.stringify(merchant, undefined, 2));
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
  const merchant = pair();
  write(join(directory, 'merchant-private-key.pem'), merchant.privateKey);
  write(join(directory, 'provider', 'merchant-public-key.pem'), merchant.publicKey);
  for (const serial of platformSerials) {
    const platform = pair();
    write(join(directory, 'provider', `${serial}.pem`), platform.privateKey);
    write(join(directory, 'public-keys', `${serial}.pem`), platform.publicKey);
  }
  // Written last, so that a run that was interrupted before is done again as a whole.
  write(join(directory, 'api-v3-key'), randomBytes(16).toString('hex'));
}

function pair() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const marked = (pem: string | Buffer) => `${sandboxMark}\n${pem.toString()}`;
  return {
    publicKey: marked(publicKey.export({ type: 'spki', format: 'pem' })),
    privateKey: marked(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

/** Whole or not at all: a reader never meets half a key. */
function write(file: string, text: string): void {
  const temporary = `${file}.${String(process.pid)}`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, file);
}
