// Writes what follows from the contracts: docs/events (JSON Schema, samples, AsyncAPI) and the types of the protos.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventDocuments } from '../../libs/contracts/src/documents.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'docs/events');
const documents = eventDocuments();

for (const { path, json } of documents) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`);
}
removeWhatIsNoLongerDeclared();

const contracts = join(root, 'libs/contracts');
const buf = join(root, 'node_modules/.bin/buf');
for (const args of [['lint'], ['generate'], ['format', '-w']]) {
  const { status } = spawnSync(buf, args, { cwd: contracts, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
console.log(`${documents.length} documents in docs/events, proto types in libs/contracts/src/proto`);

/** Samples stay: whatever was published once must parse for ever. */
function removeWhatIsNoLongerDeclared() {
  for (const name of readdirSync(join(folder, 'schemas'))) {
    if (!documents.some(({ path }) => path === `schemas/${name}`)) rmSync(join(folder, 'schemas', name));
  }
}
