import { generateKeyPairSync } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Stands before every key: a service in production that is given such a file refuses to start. */
export const sandboxMark = 'SANDBOX KEY: generated for tests, never for production.';

/** A new RSA pair of the length that providers want, each half marked. */
export function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const marked = (pem: string | Buffer) => `${sandboxMark}\n${pem.toString()}`;
  return {
    publicKey: marked(publicKey.export({ type: 'spki', format: 'pem' })),
    privateKey: marked(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

/** Whole or not at all: a reader never meets half a key. */
export function writeWhole(file: string, text: string): void {
  const temporary = `${file}.${String(process.pid)}`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, file);
}
