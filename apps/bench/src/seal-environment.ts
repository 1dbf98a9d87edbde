import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Settings of a ledger that seals its days with a key of this run alone, kept in this folder. */
export function sealEnvironment(folder: string): Record<string, string> {
  const [keyFile, sealsDir] = [join(folder, 'seal-key.pem'), join(folder, 'seals')];
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  mkdirSync(sealsDir, { recursive: true });
  return { SEAL_KEY_FILE: keyFile, SEALS_DIR: sealsDir };
}
