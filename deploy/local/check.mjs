// `npm run check`: what a change must pass before anything else, and exactly what CI runs first.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generated } from './gen.mjs';
import { root } from './paths.mjs';
import { runToEnd } from './processes.mjs';
import { bold, dim, red, say, seconds, step } from './progress.mjs';

const module = (...path) => join(root, 'node_modules', ...path);
const begun = Date.now();
const failures = [];

/** Two at a time: most machines have as many cores, and each of these uses one. */
const lanes = [
  [
    ['types', [module('typescript', 'bin', 'tsc'), '-p', 'tsconfig.json']],
    ['unit tests', [join(root, 'deploy', 'local', 'test.mjs'), 'unit']],
  ],
  [
    ['format', [module('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level=warn', '.']],
    [
      'boundaries',
      [
        module('dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
        '--config',
        '.dependency-cruiser.cjs',
        'apps',
        'libs',
      ],
    ],
    ['lint', [module('eslint', 'bin', 'eslint.js'), '--max-warnings=0', '.']],
  ],
];

say(bold('check'));
await run('generated files', compareGenerated);
await Promise.all(lanes.map(runLane));
for (const { name, message } of failures) say(`\n${red(name)}\n${message}`);
say(
  failures.length === 0
    ? dim(`\nall good in ${seconds(begun)}`)
    : red(`\n${failures.length} failed: ${failures.map(({ name }) => name).join(', ')}`),
);
process.exit(failures.length === 0 ? 0 : 1);

async function runLane(lane) {
  for (const [name, args] of lane) await run(name, () => runNode(args));
}

async function run(name, work) {
  await step(name, work).catch((error) => failures.push({ name, message: error.message }));
}

async function runNode(args) {
  const env = { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' };
  const ran = await runToEnd({ command: process.execPath, args, cwd: root, env });
  if (ran.status !== 0) throw new Error(ran.output.trim());
}

/** Generates anew and compares: what is committed must be what the contracts say. */
async function compareGenerated() {
  const before = fingerprints();
  await runNode(['--disable-warning=ExperimentalWarning', join(root, 'deploy', 'local', 'gen.mjs')]);
  const after = fingerprints();
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  if (changed.length > 0)
    throw new Error(
      `Not current; \`npm run gen\` has rewritten them, commit the result:\n${changed.join('\n')}`,
    );
}

function fingerprints() {
  const files = generated.flatMap(filesBelow);
  return new Map(
    files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(root, file)))
        .digest('hex'),
    ]),
  );
}

function filesBelow(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  );
}
