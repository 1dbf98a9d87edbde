import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyPair, writeWhole } from '../providers/key-files.ts';

export interface AlipayKeys {
  readonly appPublicKey: KeyObject;
  readonly alipayPrivateKey: KeyObject;
}

/**
 * Reads the keys of a directory; makes them at the first run, for this installation only and for no other reader.
 * The merchant's side is `app.json`, `app-private-key.pem` and `alipay-public-key.pem`.
 */
export function loadAlipayKeys(
  directory: string,
  app: { readonly appId: string; readonly sellerId: string },
): AlipayKeys {
  const last = join(directory, 'alipay-public-key.pem');
  if (!existsSync(last)) generate(directory, last);
  writeWhole(join(directory, 'app.json'), JSON.stringify(app, undefined, 2));
  const read = (name: string) => readFileSync(join(directory, 'provider', name), 'utf8');
  return {
    appPublicKey: createPublicKey(read('app-public-key.pem')),
    alipayPrivateKey: createPrivateKey(read('alipay-private-key.pem')),
  };
}

function generate(directory: string, last: string): void {
  for (const folder of [directory, join(directory, 'provider')]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const [app, alipay] = [keyPair(), keyPair()];
  writeWhole(join(directory, 'app-private-key.pem'), app.privateKey);
  writeWhole(join(directory, 'provider', 'app-public-key.pem'), app.publicKey);
  writeWhole(join(directory, 'provider', 'alipay-private-key.pem'), alipay.privateKey);
  // Written last, so that a run that was interrupted before is done again as a whole.
  writeWhole(last, alipay.publicKey);
}
