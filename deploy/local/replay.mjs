// `npm run replay -- <file.csv>`: sends a trace through the running platform, or through one that it starts itself.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root, stateDir } from './paths.mjs';
import { isAlive, readJson, stopProcess } from './processes.mjs';
import { say } from './progress.mjs';
import { startTool } from './tools.mjs';

const help = `npm run replay -- <trace.csv>   sends the calls of a trace through RecordUsage, rating and the ledger, and
                                compares the ledger's total with an independent sum (exit 1 when they differ)
npm run replay                  does so with the sample that ships with the project

Uses the platform that \`npm start\` keeps up in this folder, else starts one and ends it afterwards.`;

const args = process.argv.slice(2).map(asTypedByTheCaller);
const running = readJson(join(stateDir, 'run.json'));

if (args.includes('--help')) console.log(help);
else if (running?.environment && isAlive(running.owner)) await replayThrough(running.environment);
else await startAndReplay();

async function replayThrough(environment) {
  const tool = startTool({ path: 'bench/src/replay', args, environment });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stopProcess(tool));
  process.exit(await tool.status);
}

async function startAndReplay() {
  say('Haoli is not running in this folder; it is started for the replay and ended afterwards.');
  process.argv.splice(2, Infinity, '--exit', '--tool=bench/src/replay', ...args.map((arg) => `--arg=${arg}`));
  await import('./start.mjs');
}

/** A path means what it means where the command was typed; npm itself goes to the root of the package. */
function asTypedByTheCaller(arg) {
  const path = resolve(process.env['INIT_CWD'] ?? root, arg);
  return existsSync(path) ? path : arg;
}
