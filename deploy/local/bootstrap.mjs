// The first thing that `npm start`, `npm test` and `npm run check` run: installs what is missing, with Node built-ins
// only because node_modules may not exist yet, then hands over to the script that does the work, on the Node from npm.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { kafkaJarsDir, kafkaPom, makeStateDir, root, stateDir } from './paths.mjs';
import { exitMissing, requireTools } from './prerequisites.mjs';
import { identityOf, isAlive, readJson } from './processes.mjs';

const commands = {
  start: { script: 'start.mjs', needsKafka: true },
  test: { script: 'test.mjs', needsKafka: true },
  check: { script: 'check.mjs', needsKafka: false },
  gen: { script: 'gen.mjs', needsKafka: false },
  replay: { script: 'replay.mjs', needsKafka: true },
  servers: { script: 'servers.mjs', needsKafka: true },
  'check-openapi': { script: 'open-api.mjs', needsKafka: true },
  'check-crashes': { script: 'crashes.mjs', needsKafka: true },
  bench: { script: 'bench.mjs', needsKafka: true },
};

const [name = '', ...rest] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(`Usage: node deploy/local/bootstrap.mjs ${Object.keys(commands).join('|')}`);
  process.exit(2);
}

const needsKafka = command.needsKafka && !process.env.KAFKA_BROKERS && !rest.includes('--help');
const jarsFile = join(kafkaJarsDir, '.done');
requireTools({ java: needsKafka, maven: needsKafka && !jarsAreThere() });
makeStateDir();
await alone(() => {
  if (!packagesAreThere()) {
    run('Installing the npm packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  if (needsKafka && !jarsAreThere()) {
    rmSync(kafkaJarsDir, { recursive: true, force: true });
    mkdirSync(kafkaJarsDir, { recursive: true });
    const copy = [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${kafkaJarsDir}`,
    ];
    run('Fetching Kafka', 'mvn', ['-q', '-B', '-Dstyle.color=never', '-f', kafkaPom, ...copy]);
    writeFileSync(jarsFile, pomText());
  }
});
handOver();

/** The jars are those of this pom.xml: an edited version is fetched again. */
function jarsAreThere() {
  return existsSync(jarsFile) && readFileSync(jarsFile, 'utf8') === pomText();
}

function pomText() {
  return readFileSync(kafkaPom, 'utf8');
}

/** True when node_modules holds every package of the lock file, at its version, that this platform can use. */
function packagesAreThere() {
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (installed === undefined) return false;
  const wanted = Object.entries(readJson(join(root, 'package-lock.json')).packages);
  return wanted.every(([path, entry]) => {
    if (path === '' || entry.link || installed[path]?.version === entry.version) return true;
    return entry.optional === true && !isForHere(entry);
  });
}

/** Optional packages without a platform may be left out by npm for reasons of its own; they are not waited for. */
function isForHere({ os, cpu, libc }) {
  if (os === undefined && cpu === undefined) return false;
  const fits = (list, value) => list === undefined || list.includes(value);
  return fits(os, process.platform) && fits(cpu, process.arch) && libc === undefined;
}

/** Two starts in one folder must not install over each other: the second waits for the first. */
async function alone(install) {
  const lock = join(stateDir, 'install.lock');
  for (;;) {
    try {
      const file = openSync(lock, 'wx', 0o600);
      writeSync(file, JSON.stringify(identityOf(process.pid)));
      closeSync(file);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = readJson(lock);
      if (owner === undefined || !isAlive(owner)) rmSync(lock, { force: true });
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  const unlock = () => rmSync(lock, { force: true });
  process.once('exit', unlock);
  install();
  unlock();
  process.off('exit', unlock);
}

function run(what, program, args) {
  const begun = Date.now();
  console.log(`  … ${what} (once)`);
  const ran = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (ran.status === 0) return console.log(`  ✓ ${what}  ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  const why = ran.error?.message ?? `${program} ended with ${ran.status ?? ran.signal}`;
  console.error(`${ran.stdout ?? ''}${ran.stderr ?? ''}\n${what} failed: ${why}.`);
  console.error('Is the package registry reachable? Run the same command again to continue.');
  return process.exit(1);
}

function handOver() {
  const bin = join(root, 'node_modules', '.bin');
  const child = spawn(
    nodeOfNpm(bin),
    ['--disable-warning=TimeoutNegativeWarning', join(root, 'deploy', 'local', command.script), ...rest],
    { stdio: 'inherit', env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` } },
  );
  // Ctrl-C in a terminal reaches the child by itself; what is sent to us alone is passed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  endWithNpm(child);
  child.once('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

/** npm does not pass on a signal that only it got. When it is gone, nobody is left whom Ctrl-C could reach. */
function endWithNpm(child) {
  if (!process.env.npm_lifecycle_event) return;
  const before = npmAbove();
  setInterval(() => {
    if (npmAbove() !== before) child.kill('SIGTERM');
  }, 1_000).unref();
}

/** Our parent, and where that is only the shell which npm runs scripts in, the shell's parent too. */
function npmAbove() {
  const parent = process.ppid;
  const [, name, above] = /\((.*)\) . (\d+)/.exec(statOf(parent)) ?? [];
  return name === 'sh' || name === 'dash' ? `${parent} ${above}` : String(parent);
}

function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}

/** Node 24 comes as an npm package, locked by hash. Where there is none for the platform, the installed Node must do. */
function nodeOfNpm(bin) {
  const ours = join(bin, 'node');
  if (existsSync(ours) && spawnSync(ours, ['--version']).status === 0) return ours;
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  console.error(
    'npm has no Node 24 for this platform; install Node.js 22 or newer (nvm install 24) and try again.',
  );
  return process.exit(exitMissing);
}
