// `npm run prices -- …`: the price book's command, against the platform that `npm start` keeps up, or one named by the environment.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root, stateDir } from './paths.mjs';
import { isAlive, readJson } from './processes.mjs';
import { startTool } from './tools.mjs';

const running = readJson(join(stateDir, 'run.json'));
const environment = running?.environment && isAlive(running.owner) ? running.environment : {};
const tool = startTool({
  path: 'metering/src/prices-cli',
  args: process.argv.slice(2).map(asTypedByTheCaller),
  environment,
});
process.exitCode = await tool.status;

/** A path means what it means where the command was typed; npm itself goes to the root of the package. */
function asTypedByTheCaller(arg) {
  const path = resolve(process.env['INIT_CWD'] ?? root, arg);
  return existsSync(path) ? path : arg;
}
