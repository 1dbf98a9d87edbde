// `npm run gen`: writes what follows from the contracts: docs/events (JSON Schema, samples, AsyncAPI) and the types of
// the protos. Runs the TypeScript of the pure libraries as it is: Node strips the types, @app/<lib> is found below.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './paths.mjs';
import { runToEnd } from './processes.mjs';

/** Everything that is generated and nothing else; `npm run check` compares these folders. */
export const generated = ['docs/events', 'libs/contracts/src/proto'];

const contracts = join(root, 'libs', 'contracts');
const eventsFolder = join(root, 'docs', 'events');

export async function generate() {
  await generateProtoTypes();
  const documents = await generateEventDocuments();
  console.log(`${documents.length} documents in docs/events, proto types in libs/contracts/src/proto`);
}

async function generateProtoTypes() {
  const buf = join(root, 'node_modules', '.bin', 'buf');
  for (const args of [['lint'], ['format', '-w'], ['generate']]) {
    const made = await runToEnd({ command: buf, args, cwd: contracts, env: process.env });
    if (made.status !== 0) throw new Error(`buf ${args[0]} failed: ${made.output}`);
  }
}

async function generateEventDocuments() {
  registerHooks({
    resolve: (specifier, context, next) => {
      const lib = /^@app\/([^/]+)$/.exec(specifier)?.[1];
      return next(lib === undefined ? specifier : frontDoor(lib), context);
    },
  });
  const { eventDocuments } = await import(frontDoor('contracts'));
  const documents = eventDocuments();
  for (const { path, json } of documents) {
    mkdirSync(dirname(join(eventsFolder, path)), { recursive: true });
    writeFileSync(join(eventsFolder, path), `${JSON.stringify(json, null, 2)}\n`);
  }
  removeWhatIsNoLongerDeclared(documents);
  return documents;
}

const frontDoor = (lib) => pathToFileURL(join(root, 'libs', lib, 'src', 'index.ts')).href;

/** Samples stay: whatever was published once must parse for ever. */
function removeWhatIsNoLongerDeclared(documents) {
  for (const name of readdirSync(join(eventsFolder, 'schemas'))) {
    if (documents.every(({ path }) => path !== `schemas/${name}`))
      rmSync(join(eventsFolder, 'schemas', name));
  }
}

if (process.argv[1] === import.meta.filename) await generate();
