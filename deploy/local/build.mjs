// Compiles everything in one go when a source changed since the last time.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { runToEnd } from './processes.mjs';

const fingerprintFile = join(root, 'dist', '.fingerprint');
const configuration = ['package-lock.json', 'nest-cli.json', 'tsconfig.base.json', 'tsconfig.build.json'];

/** Returns what was done, in words. Throws with the compiler's messages when the sources do not compile. */
export async function build() {
  const wanted = fingerprint();
  if (existsSync(fingerprintFile) && readFileSync(fingerprintFile, 'utf8') === wanted) return 'unchanged';
  rmSync(fingerprintFile, { force: true });
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const made = await runToEnd({
    command: process.execPath,
    args: [nest, 'build', 'haoli', '--builder', 'tsc'],
    cwd: root,
    env: process.env,
  });
  if (made.status !== 0) throw new Error(`The sources do not compile.\n${made.output}`);
  writeFileSync(fingerprintFile, wanted);
  return 'compiled';
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [...configuration, ...sources('apps'), ...sources('libs')]) {
    const text = readFileSync(join(root, file));
    hash.update(`${file}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex');
}

function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : sources(path);
      return path.endsWith('.ts') && !path.endsWith('.spec.ts') ? [path] : [];
    });
}
