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
  await compile();
  if (unresolvedAliases().length > 0) {
    // A library that was being saved while we compiled looks absent, and its alias is then left as it is.
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    await compile();
  }
  const left = unresolvedAliases();
  if (left.length > 0)
    throw new Error(`An alias @app/… was not resolved (import it statically):\n${left.join('\n')}`);
  writeFileSync(fingerprintFile, wanted);
  return 'compiled';
}

async function compile() {
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const made = await runToEnd({
    command: process.execPath,
    args: [nest, 'build', 'haoli', '--builder', 'tsc'],
    cwd: root,
    env: process.env,
  });
  if (made.status !== 0) throw new Error(`The sources do not compile.\n${made.output}`);
}

function unresolvedAliases() {
  const files = readdirSync(join(root, 'dist'), { recursive: true }).filter((file) => file.endsWith('.js'));
  const alias = /(?:from|import)\s*\(?['"]@app\//;
  return files.filter((file) => alias.test(readFileSync(join(root, 'dist', file), 'utf8')));
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
