// Programs that work against a running platform: the story and the replay.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { identityOf } from './processes.mjs';

/** Runs `dist/apps/<path>/main.js` with every address and client in its environment; its output is ours. */
export function startTool({ path, args = [], environment }) {
  const program = join(root, 'dist', 'apps', path, 'main.js');
  const flags = [
    '--enable-source-maps',
    // As the ledger has it: whoever asks as fast as it answers has as many short-lived objects.
    '--max-semi-space-size=64',
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=TimeoutNegativeWarning',
  ];
  const child = spawn(process.execPath, [...flags, program, ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const status = new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
  return { name: path, ...identityOf(child.pid), status };
}
