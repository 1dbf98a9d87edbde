import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';

/** Who we are to WeChat Pay, and by which keys it and we are known. */
export interface WechatCredentials {
  readonly mchid: string;
  readonly appid: string;
  readonly merchantSerial: string;
  readonly merchantPrivateKey: KeyObject;
  /** 32 bytes; opens notifications. */
  readonly apiV3Key: string;
  /** Every key of the provider that is in use, by its number: during a switch notifications come signed by either. */
  readonly platformKeys: ReadonlyMap<string, KeyObject>;
  /** The number of the key that answers shall be signed with. */
  readonly platformSerial: string;
  /** Told by the key files themselves: generated for tests. */
  readonly sandbox: boolean;
}

const Merchant = z.object({
  mchid: z.string().min(1).max(32),
  appid: z.string().min(1).max(32),
  /** The number of the certificate that belongs to the private key. */
  serial: z.string().regex(/^[0-9A-F]{1,40}$/),
});

/**
 * Reads the credentials of a directory that the operator mounts: `merchant.json` (mchid, appid, serial),
 * `merchant-private-key.pem`, `api-v3-key`, and the provider's keys as `public-keys/<serial>.pem`.
 * Throws naming the file that is missing or unusable.
 */
export function readWechatCredentials(directory: string): WechatCredentials {
  const { mchid, appid, serial } = Merchant.parse(JSON.parse(read(directory, 'merchant.json')));
  const privateKeyText = read(directory, 'merchant-private-key.pem');
  const apiV3Key = read(directory, 'api-v3-key').trim();
  if (Buffer.byteLength(apiV3Key) !== 32) throw new Error(`${directory}/api-v3-key does not hold 32 bytes.`);
  const files = readdirSync(join(directory, 'public-keys')).filter((name) => name.endsWith('.pem'));
  const texts = files.map((name) => [basename(name, '.pem'), read(directory, 'public-keys', name)] as const);
  const serials = texts.map(([name]) => name);
  const [platformSerial] = [...serials.filter((name) => name.startsWith('PUB_KEY_ID_')), ...serials];
  if (platformSerial === undefined) throw new Error(`${directory}/public-keys holds no key of WeChat Pay.`);
  return {
    mchid,
    appid,
    merchantSerial: serial,
    merchantPrivateKey: createPrivateKey(privateKeyText),
    apiV3Key,
    platformKeys: new Map(texts.map(([name, text]) => [name, createPublicKey(text)])),
    platformSerial,
    sandbox: [privateKeyText, ...texts.map(([, text]) => text)].some((text) => text.includes('SANDBOX KEY')),
  };
}

const read = (...path: readonly string[]): string => readFileSync(join(...path), 'utf8');
