// Passwords, client secrets and the API key pepper of a local installation: made at the first run, readable only by the
// owner, never committed. The same ones are used as long as the folder lives, so that kept data stays readable.
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from './paths.mjs';
import { readJson, writeJson } from './processes.mjs';

export const serviceNames = ['gateway', 'metering', 'ledger', 'payments'];

/** Those who may ask the sandbox identity provider for a token, and for which scopes. */
export const clientScopes = {
  gateway: ['ledger:read', 'holds:write', 'usage:read', 'prices:read', 'payments:read', 'payments:write'],
  metering: ['ledger:read', 'holds:write', 'customers:read'],
  ledger: ['prices:read', 'customers:read'],
  payments: ['ledger:read', 'customers:read'],
  finance: [
    ...['ledger:read', 'ledger:post', 'payments:read', 'payments:write', 'usage:read', 'prices:read'],
    ...['customers:read', 'quarantine:resolve'],
  ],
  // Two people: who asks for an entry by hand never approves it.
  'finance-maker': [
    ...['ledger:read', 'payments:read', 'adjustments:request', 'messages:read', 'messages:drive'],
  ],
  'finance-checker': [
    ...['ledger:read', 'payments:read', 'adjustments:approve', 'prices:read', 'prices:approve'],
    ...['messages:read', 'messages:approve'],
  ],
  'internal-service': ['usage:write', 'usage:read', 'prices:read'],
  operator: [
    ...['customers:read', 'customers:write', 'prices:read', 'prices:publish', 'usage:read', 'usage:write'],
    ...['ledger:read', 'payments:read', 'payments:write', 'messages:read', 'messages:drive'],
  ],
};

/** Reads the secrets of this installation, making those that do not exist yet. */
export function loadSecrets(file = join(stateDir, 'secrets.json')) {
  const kept = readKept(file);
  const secrets = {
    installation: kept.installation ?? randomBytes(6).toString('hex'),
    postgres: kept.postgres ?? text(),
    roles: filled(
      kept.roles,
      serviceNames.flatMap((name) => [`${name}_owner`, `${name}_app`]),
    ),
    clients: filled(kept.clients, Object.keys(clientScopes)),
    apiKeyPepper: kept.apiKeyPepper ?? text(),
    upstreamKey: kept.upstreamKey ?? text(),
  };
  writeJson(file, secrets);
  chmodSync(file, 0o600);
  return secrets;
}

/** The file with the key that signs the seals of days, made at the first start; the public key lies beside it. */
export function sealKeyIn(folder) {
  const file = join(folder, 'seal-key.pem');
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' });
  }
  const publicKey = createPublicKey(readFileSync(file)).export({ format: 'pem', type: 'spki' });
  writeFileSync(join(folder, 'seal-key.public.pem'), publicKey);
  return file;
}

/** New secrets over old ones that cannot be read would lock everybody out of the kept data. */
function readKept(file) {
  if (!existsSync(file)) return {};
  const kept = readJson(file);
  if (kept !== undefined) return kept;
  throw new Error(
    `${file} cannot be read. Start as the same person as before, or remove .haoli to begin anew.`,
  );
}

const text = () => randomBytes(24).toString('base64url');

const filled = (kept = {}, names) => Object.fromEntries(names.map((name) => [name, kept[name] ?? text()]));
