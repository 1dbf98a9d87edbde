// `npm start`: everything up, the first-steps story told, then waiting for Ctrl-C.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from './build.mjs';
import { makeDatabases } from './databases.mjs';
import { logsDir, stateDir } from './paths.mjs';
import { startPlatform } from './platform.mjs';
import { identityOf, isAlive, lastLines, readJson, stopProcess, writeJson } from './processes.mjs';
import { bold, dim, red, say, seconds, step } from './progress.mjs';
import { loadSecrets, serviceNames } from './secrets.mjs';
import { startLocalKafka, startLocalPostgres } from './servers.mjs';
import { startTool } from './tools.mjs';

const help = `npm start               starts everything, tells the first-steps story, stays up until Ctrl-C
npm start -- --exit     ends after the story, with its status
npm start -- --no-story starts everything and stays up
npm start -- --help     this text

Needs Node.js >= 20, and Java >= 17 with Maven for Kafka. Data and logs are kept in .haoli/.
Servers of your own: deploy/local/README.md lists the environment names.`;

const runFile = join(stateDir, 'run.json');
const lockFile = join(stateDir, 'run.lock');
const begun = Date.now();

const options = readOptions(process.argv.slice(2));
const state = { owner: identityOf(process.pid), processes: [] };
let platform;
let ending;
let isUp = false;
await own();
process.on('SIGINT', () => void end(isUp ? (process.exitCode ?? 0) : 130)); // Ctrl-C is how a run that is up ends well.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => void end(143));
endWithParent();
try {
  await main();
} catch (error) {
  // What fails because we are ending it is no news.
  if (ending === undefined) say(`\n${red('Haoli could not start.')} ${error.message}`);
  await end(1);
}

async function main() {
  say(bold('Haoli') + dim('  starting'));
  const secrets = loadSecrets();
  const [databases, kafkaBrokers] = await Promise.all([
    databasesOf(secrets),
    brokers(),
    step('build', build),
  ]);
  platform = await startPlatform({
    ...{ databases, kafkaBrokers, secrets, stateDir, started, step },
    issuer: process.env['OIDC_ISSUER'],
    logDir: logsDir,
  });
  state.urls = urlsOf(platform.addresses);
  state.environment = platform.environment;
  writeJson(runFile, state);
  say(dim(`  ready after ${seconds(begun)}\n`));
  watch();
  const status = options.story ? await tellStory() : 0;
  if (options.exit) return end(status);
  printUrls(state.urls);
  say(status === 0 ? dim('Ctrl-C ends it.') : red(`The story ended with ${status}. Ctrl-C ends the rest.`));
  process.exitCode = status;
  isUp = true;
}

/** One start per folder: a second one says where the first one is and leaves it alone. */
async function own() {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      const file = openSync(lockFile, 'wx', 0o600);
      writeSync(file, JSON.stringify(state.owner));
      closeSync(file);
      process.once('exit', () => rmSync(lockFile, { force: true }));
      return recover();
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = readJson(lockFile);
    if (owner !== undefined && isAlive(owner)) return tellRunning(owner);
    await sleep(attempt === 0 ? 0 : 50); // A lock without an owner may be one that is being written.
    if (owner !== undefined || attempt > 10) rmSync(lockFile, { force: true });
  }
  throw new Error(`${lockFile} cannot be taken.`);
}

function tellRunning({ pid }) {
  const running = readJson(runFile);
  say(`Haoli is already running in this folder (process ${pid}); nothing was started.`);
  if (running?.urls) printUrls(running.urls);
  else say('It is still starting.');
  // A story was asked for and not told: a script that waits for its status must not take this for success.
  process.exit(options.exit ? 1 : 0);
}

/** Ends what a run that was killed left behind. */
async function recover() {
  const left = readJson(runFile)?.processes ?? [];
  const alive = left.filter(isAlive);
  if (alive.length > 0) say(dim(`Ending ${alive.length} processes that an earlier run left behind.`));
  await stopInOrder(alive);
  writeJson(runFile, state);
}

function isServer(name) {
  return name === 'PostgreSQL' || name === 'Kafka';
}

/** Written down at once, so that the next start can end it should this one be killed. */
function started({ name, pid, start, stopSignal, logFile }) {
  state.processes = [
    ...state.processes.filter((known) => known.name !== name),
    { name, pid, start, stopSignal, logFile },
  ];
  writeJson(runFile, state);
}

async function databasesOf(secrets) {
  const external = Object.fromEntries(
    serviceNames.flatMap((name) => {
      const app = process.env[`${name.toUpperCase()}_DATABASE_URL`];
      return app
        ? [[name, { app, owner: process.env[`${name.toUpperCase()}_MIGRATION_DATABASE_URL`] ?? app }]]
        : [];
    }),
  );
  if (serviceNames.every((name) => external[name] !== undefined)) return external;
  const place = { dir: stateDir, secrets, port: 5432, logDir: logsDir, started };
  const own = await step('PostgreSQL', () => startLocalPostgres(place));
  const made = await makeDatabases({ serverUrl: own.url, passwords: secrets.roles });
  return { ...made, ...external };
}

async function brokers() {
  if (process.env['KAFKA_BROKERS']) return process.env['KAFKA_BROKERS'];
  const kafka = await step('Kafka', () =>
    startLocalKafka({ dir: stateDir, port: 9092, logDir: logsDir, started }),
  );
  return kafka.brokers;
}

/** A service that ends is started again, as any orchestrator would; one that keeps ending is given up. */
function watch() {
  const restarts = [];
  const supervise = async (name) => {
    const outcome = await platform.process(name).ended;
    if (ending !== undefined) return;
    say(red(`${name} ${outcome}; starting it again. Log: ${join(logsDir, `${name}.log`)}`));
    restarts.push(Date.now());
    if (restarts.filter((at) => at > Date.now() - 60_000).length > 5) {
      say(`${lastLines(join(logsDir, `${name}.log`), 15)}\n${red('It keeps ending.')}`);
      return end(1);
    }
    await platform.restart(name).catch((error) => say(red(error.message)));
    return supervise(name);
  };
  for (const name of platform.names()) void supervise(name);
  for (const server of state.processes.filter(({ name }) => isServer(name))) void watchServer(server);
}

async function watchServer(server) {
  while (isAlive(server)) await sleep(500);
  if (ending !== undefined) return;
  say(red(`${server.name} is gone. Log: ${server.logFile}`));
  await end(1);
}

function tellStory() {
  const story = startTool({ ...options.tool, environment: platform.environment });
  started(story);
  return story.status;
}

function urlsOf(addresses) {
  return {
    Gateway: addresses.GATEWAY_HTTP_URL,
    'API documents': ['GATEWAY', 'METERING', 'LEDGER', 'PAYMENTS']
      .map((name) => `${addresses[`${name}_HTTP_URL`]}/docs`)
      .join('  '),
    Ledger: addresses.LEDGER_HTTP_URL,
    Metering: addresses.METERING_HTTP_URL,
    Payments: addresses.PAYMENTS_HTTP_URL,
    'Identity provider': addresses.OIDC_ISSUER,
    'WeChat Pay sandbox': addresses.WECHATPAY_SANDBOX_URL,
    'Alipay sandbox': addresses.ALIPAY_SANDBOX_URL,
    'Bank sandbox': addresses.BANK_SANDBOX_URL,
    Kafka: addresses.KAFKA_BROKERS,
    Logs: logsDir,
  };
}

function printUrls(urls) {
  say();
  for (const [name, url] of Object.entries(urls)) say(`  ${name.padEnd(20)} ${url}`);
  say();
}

/** Ends everything, in the order in which it leans on each other, and then this process. */
function end(status) {
  ending ??= (async () => {
    say(dim('Ending.'));
    // Again until nothing is left: a start that is interrupted may still be starting something.
    while (state.processes.some(isAlive)) await stopInOrder(state.processes);
    rmSync(runFile, { force: true });
    process.exit(status);
  })();
  return ending;
}

async function stopInOrder(known) {
  const turns = [
    ({ name }) => !isServer(name) && name !== 'sandbox',
    ({ name }) => name === 'sandbox',
    ({ name }) => isServer(name),
  ];
  for (const turn of turns) await Promise.all(known.filter(turn).map(stopProcess));
}

/** When npm or the terminal is killed outright, nobody could stop us with Ctrl-C any more. */
function endWithParent() {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void end(1);
  }, 1_000);
}

function readOptions(args) {
  const valuesOf = (flag) => args.filter((arg) => arg.startsWith(flag)).map((arg) => arg.slice(flag.length));
  const known = ['--exit', '--no-story', '--help', '-h'];
  const unknown = args.filter((arg) => !known.includes(arg) && !/^--(tool|arg)=/.test(arg));
  if (unknown.length > 0 || args.includes('--help') || args.includes('-h')) {
    console.log(unknown.length > 0 ? `Unknown: ${unknown.join(' ')}\n\n${help}` : help);
    process.exit(unknown.length > 0 ? 2 : 0);
  }
  return {
    exit: args.includes('--exit'),
    story: !args.includes('--no-story'),
    // Another program in place of the story, for scripts beside this one.
    tool: { path: valuesOf('--tool=')[0] ?? 'sandbox/src/story', args: valuesOf('--arg=') },
  };
}
