// `npm run replay -- <file.csv>`: sends a trace through the running platform, or through one that it starts itself.
import { isAbsolute, join, resolve } from 'node:path';
import { root, stateDir } from './paths.mjs';
import { isAlive, readJson, stopProcess } from './processes.mjs';
import { say } from './progress.mjs';
import { startTool } from './tools.mjs';

const args = process.argv
  .slice(2)
  .map((arg) => (arg.startsWith('-') || isAbsolute(arg) ? arg : resolveFromCaller(arg)));
const running = readJson(join(stateDir, 'run.json'));

if (running?.owner && isAlive(running.owner) && running.environment) {
  const tool = startTool({ path: 'bench/src/replay', args, environment: running.environment });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stopProcess(tool));
  process.exit(await tool.status);
}
say('Haoli is not running in this folder; it is started for the replay and ended afterwards.');
process.argv.splice(2, Infinity, '--exit', `--tool=bench/src/replay`, ...args.map((arg) => `--arg=${arg}`));
await import('./start.mjs');

/** A path means what it means where the command was typed; npm itself goes to the root of the package. */
function resolveFromCaller(path) {
  return resolve(process.env['INIT_CWD'] ?? root, path);
}
