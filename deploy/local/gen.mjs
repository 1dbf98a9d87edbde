// `npm run gen`: writes what is generated from the contracts: the types of the .proto files, and docs/events.
// Runs the TypeScript of the pure libraries as it is: Node strips the types, and @app/<lib> is found below.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './paths.mjs';
import { runToEnd } from './processes.mjs';

/** Everything that is generated and nothing else; `npm run check` compares these folders. */
export const generated = ['docs/events', 'libs/contracts/src/proto'];

export async function generate() {
  await generateProtoTypes();
  await generateEventDocuments();
}

async function generateProtoTypes() {
  const contracts = join(root, 'libs', 'contracts');
  rmSync(join(contracts, 'src', 'proto'), { recursive: true, force: true });
  const buf = join(root, 'node_modules', '@bufbuild', 'buf', 'bin', 'buf');
  const made = await runToEnd({
    command: process.execPath,
    args: [buf, 'generate'],
    cwd: contracts,
    env: process.env,
  });
  if (made.status !== 0) throw new Error(`buf generate failed: ${made.output}`);
}

async function generateEventDocuments() {
  registerHooks({
    resolve: (specifier, context, next) => {
      const lib = /^@app\/([^/]+)$/.exec(specifier)?.[1];
      if (lib === undefined) return next(specifier, context);
      return next(pathToFileURL(join(root, 'libs', lib, 'src', 'index.ts')).href, context);
    },
  });
  const { eventDocuments } = await import(
    pathToFileURL(join(root, 'libs', 'contracts', 'src', 'index.ts')).href
  );
  const folder = join(root, 'docs', 'events');
  for (const made of ['schemas', 'asyncapi.json'])
    rmSync(join(folder, made), { recursive: true, force: true });
  for (const { path, json } of eventDocuments()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${JSON.stringify(json, null, 2)}\n`);
  }
}

if (process.argv[1] === import.meta.filename) await generate();
