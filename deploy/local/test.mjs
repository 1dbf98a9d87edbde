// `npm test`: every spec, on a PostgreSQL and a Kafka of its own that are thrown away afterwards.
// `npm run test:unit -- libs/money` runs one kind, below a path; it uses the servers of `npm run servers` when they are up.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { root, stateDir } from './paths.mjs';
import { removeData } from './postgres.mjs';
import {
  identityOf,
  isAlive,
  readJson,
  readJsonLines,
  startTimeOf,
  stopProcess,
  writeJson,
} from './processes.mjs';
import { bold, dim, red, say, seconds, step } from './progress.mjs';
import { pythonWith } from './python.mjs';
import { loadSecrets } from './secrets.mjs';
import { startLocalKafka, startLocalPostgres } from './servers.mjs';

/** Two at least: a spec that ends its process must not end the others. */
const workers = `--maxWorkers=${Math.max(2, availableParallelism() - 1)}`;

/** In this order; those that start processes of their own run one after another, for a laptop has few cores. */
const kinds = {
  unit: { pattern: '(?<!\\.(int|e2e|flow))\\.spec\\.ts$', servers: false, built: false, args: [workers] },
  int: { pattern: '\\.int\\.spec\\.ts$', servers: true, built: false, args: [workers] },
  e2e: { pattern: '\\.e2e\\.spec\\.ts$', servers: true, built: true, args: ['--runInBand'] },
  flow: { pattern: '\\.flow\\.spec\\.ts$', servers: true, built: true, args: ['--runInBand'] },
};

const begun = Date.now();
const args = process.argv.slice(2);
const chosen = args[0] in kinds ? [args[0]] : Object.keys(kinds);
const jestArgs = args[0] in kinds ? args.slice(1) : args;
const runDir = join(stateDir, 'tests', String(process.pid));
const runFile = `${runDir}.json`;
const processList = join(runDir, 'processes.jsonl');
const state = { owner: identityOf(process.pid), processes: [], dataDirs: [] };
const totals = { passed: 0, failed: 0, skipped: 0 };
/** Files that failed and passed by themselves: nothing that may be overlooked, and no reason to stop everybody. */
const unsteady = [];
/** More than so many are no accident. */
const unsteadyMax = 3;
let jest;
let ending;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(130));
mkdirSync(runDir, { recursive: true, mode: 0o711 });
writeJson(runFile, state);
try {
  await recover();
  const environment = await prepare();
  for (const kind of chosen) await runKind(kind, environment);
  await end(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
} catch (error) {
  if (ending === undefined) say(`\n${red('The tests could not run.')} ${error.message}`);
  totals.failed += 1;
  await end(1);
}

async function prepare() {
  const needs = chosen.map((kind) => kinds[kind]);
  if (needs.some(({ built }) => built)) await step('build', build);
  if (!needs.some(({ servers }) => servers)) return {};
  const python = chosen.includes('flow') ? await pythonClients() : {};
  return { ...(await ownServers()), ...python };
}

/** What is for Python is proven where this machine can have it; a run without it tells so and counts it as skipped. */
async function pythonClients() {
  if (process.env['HAOLI_PYTHON']) return {};
  const requirements = join(root, 'libs', 'testing', 'flows', 'requirements.txt');
  try {
    return { HAOLI_PYTHON: await step('clients for Python', () => pythonWith(requirements)) };
  } catch (error) {
    say(dim(`  Specs of clients for Python are skipped: ${error.message}`));
    return {};
  }
}

async function ownServers() {
  const given = {
    database: process.env['HAOLI_TEST_DATABASE_URL'],
    brokers: process.env['HAOLI_TEST_KAFKA_BROKERS'],
  };
  const dev = readJson(join(stateDir, 'dev.json'));
  const devIsUp = chosen.length === 1 && dev?.kafkaBrokers !== undefined && isAlive(dev.owner);
  if ((given.database && given.brokers) || devIsUp) return {};
  const place = { dir: runDir, logDir: runDir, logPrefix: `test-${process.pid}-`, started };
  const [postgres, kafka] = await Promise.all([
    step('PostgreSQL', () => startLocalPostgres({ ...place, secrets: loadSecrets(), port: 25432 })),
    step('Kafka', () => startLocalKafka({ ...place, port: 29092 })),
  ]);
  state.dataDirs.push(postgres.dataDir);
  writeJson(runFile, state);
  return { HAOLI_TEST_DATABASE_URL: postgres.url, HAOLI_TEST_KAFKA_BROKERS: kafka.brokers };
}

function started({ name, pid, start, stopSignal }) {
  state.processes.push({ name, pid, start, stopSignal });
  writeJson(runFile, state);
}

async function runKind(kind, environment) {
  const since = Date.now();
  say(`\n${bold(kind)}`);
  const own = [`--testRegex=${kinds[kind].pattern}`, ...kinds[kind].args, ...jestArgs];
  const result = await reported(kind, own, environment);
  const again = await runAgain(kind, result.testResults.filter(withStatus('failed')), environment);
  const passed = result.numPassedTests + again.passed;
  totals.passed += passed;
  // A file that does not even load holds no failed test, and must not pass for that.
  totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites - again.mended;
  totals.skipped += result.numPendingTests + result.numTodoTests;
  say(dim(`${kind}: ${passed} passed in ${seconds(since)}`));
}

/**
 * In CI, where a machine may stand still for seconds, specs that talk to servers get a second go: the whole file, with
 * nothing beside it. What passes then is named at the end of the run, and its first failure stays in the log.
 */
async function runAgain(kind, failed, environment) {
  const none = { passed: 0, mended: 0 };
  if (!process.env['CI'] || !kinds[kind].servers || failed.length === 0) return none;
  if (failed.length > unsteadyMax) return none;
  await Promise.all(readJsonLines(processList).map(stopProcess));
  say(bold(`\n${kind}, once more by itself`));
  const own = ['--runInBand', '--runTestsByPath', ...failed.map(({ name }) => name)];
  const result = await reported(`${kind}-again`, own, environment);
  if (!result.success) return none;
  unsteady.push(...failed.map(({ name }) => relative(root, name)));
  const before = failed.flatMap(({ assertionResults }) => assertionResults);
  const unloaded = failed.filter(({ assertionResults }) => assertionResults.length === 0);
  return {
    passed: result.numPassedTests - before.filter(withStatus('passed')).length,
    mended: before.filter(withStatus('failed')).length + unloaded.length,
  };
}

function withStatus(wanted) {
  return ({ status }) => status === wanted;
}

async function reported(name, own, environment) {
  const report = join(runDir, `${name}.json`);
  await runJest([`--outputFile=${report}`, ...own], environment);
  const result = readJson(report);
  if (result === undefined) throw new Error(`Jest left no report of the ${name} specs.`);
  return result;
}

function runJest(own, environment) {
  const program = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  jest = spawn(
    process.execPath,
    [...flags, '--disable-warning=TimeoutNegativeWarning', program, '--json', '--passWithNoTests', ...own],
    {
      cwd: root,
      env: { ...process.env, ...environment, HAOLI_PROCESS_LIST: processList },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  return new Promise((resolve) => jest.once('exit', resolve));
}

/** Ends what a test run that was killed left behind, and removes its data. */
async function recover() {
  const found = readdirSync(join(stateDir, 'tests'));
  for (const name of found.filter((file) => file.endsWith('.json'))) {
    const { owner, processes = [], dataDirs = [] } = readJson(join(stateDir, 'tests', name)) ?? {};
    if (owner !== undefined && isAlive(owner)) continue;
    const ofSpecs = readJsonLines(join(stateDir, 'tests', name.slice(0, -'.json'.length), 'processes.jsonl'));
    await Promise.all([...ofSpecs, ...processes].map(stopProcess));
    clean(join(stateDir, 'tests', name), dataDirs);
  }
  // A run that was ended while it made its servers may leave a folder and no file.
  const abandoned = found.filter((name) => /^\d+$/.test(name) && startTimeOf(Number(name)) === undefined);
  for (const name of abandoned) rmSync(join(stateDir, 'tests', name), { recursive: true, force: true });
}

function clean(file, dataDirs) {
  for (const dataDir of dataDirs) removeData({ dataDir });
  for (const path of [file, file.slice(0, -'.json'.length)]) rmSync(path, { recursive: true, force: true });
}

function end(status) {
  ending ??= (async () => {
    if (jest?.exitCode === null) jest.kill('SIGTERM');
    await Promise.all(readJsonLines(processList).map(stopProcess));
    while (state.processes.some(isAlive)) await Promise.all(state.processes.map(stopProcess));
    clean(runFile, state.dataDirs);
    const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
    say(dim(`\n${chosen.join(', ')} in ${seconds(begun)}`));
    say(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
    for (const file of unsteady)
      say(red(`Unsteady, and to be mended: ${file} failed, and passed by itself.`));
    process.exit(status);
  })();
  return ending;
}
