// Clients that exist for Python only, in an environment of their own below the state folder: nothing is put on the machine.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from './paths.mjs';

const pipPatience = ['--timeout', '15', '--retries', '2', '--disable-pip-version-check', '--quiet'];

/**
 * Gives the path of a Python that has the packages of a requirements file, installed once for each content of the file.
 * Throws, with what to do, where this machine has no Python 3 with `venv` or its package index does not answer.
 */
export async function pythonWith(requirementsFile) {
  const base = ['python3', 'python'].find((name) => spawnSync(name, ['-m', 'venv', '--help']).status === 0);
  if (base === undefined)
    throw new Error('install Python 3 with venv (Debian: apt-get install python3-venv)');
  const version = spawnSync(base, ['--version'], { encoding: 'utf8' }).stdout;
  const key = createHash('sha256').update(readFileSync(requirementsFile)).update(version).digest('hex');
  const dir = join(stateDir, 'python', key.slice(0, 16));
  const python = join(dir, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (existsSync(join(dir, 'complete'))) return python;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  await run(base, ['-m', 'venv', dir]);
  await run(python, ['-m', 'pip', 'install', ...pipPatience, '-r', requirementsFile]);
  writeFileSync(join(dir, 'complete'), version);
  return python;
}

/** Runs to the end; the last line of what it said is the error's message. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) return resolve();
      reject(new Error(said.trim().split('\n').at(-1) || `${command} ended with ${code}`));
    });
  });
}
