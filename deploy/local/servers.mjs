// PostgreSQL and Kafka alone. `npm run servers` keeps a pair up for work on one spec until it is ended; where they are
// is written to .haoli/dev.json, which libs/testing reads. The other scripts start theirs through this file too.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startKafka } from './kafka.mjs';
import { logsDir, makeStateDir, stateDir } from './paths.mjs';
import { freePort } from './ports.mjs';
import { startPostgres } from './postgres.mjs';
import { identityOf, isAlive, readJson, stopProcess, writeJson } from './processes.mjs';
import { loadSecrets } from './secrets.mjs';

/** Starts PostgreSQL on `port` or the next free one, with its data kept in `dir`. */
export async function startLocalPostgres({ dir, secrets, port, logDir, logPrefix = '', started }) {
  makePassable(dir);
  return startPostgres({
    dataDir: join(dir, `${logPrefix}postgres`),
    installation: secrets.installation,
    port: await freePort(port),
    password: secrets.postgres,
    logFile: join(logDir, `${logPrefix}postgres.log`),
    started,
  });
}

/** Starts Kafka on `port` or the next free one, with its log kept in `dir`. */
export async function startLocalKafka({ dir, port, logDir, logPrefix = '', started }) {
  makePassable(dir);
  return startKafka({
    dataDir: join(dir, `${logPrefix}kafka`),
    port: await freePort(port),
    controllerPort: await freePort(port + 1),
    logFile: join(logDir, `${logPrefix}kafka.log`),
    started,
  });
}

const makePassable = (dir) => mkdirSync(dir, { recursive: true, mode: 0o711 });

async function dev() {
  const devFile = join(stateDir, 'dev.json');
  makeStateDir();
  const before = readJson(devFile);
  if (before?.owner && isAlive(before.owner)) {
    console.log(`Already running (process ${before.owner.pid}): see ${devFile}.`);
    return;
  }
  for (const leftover of before?.processes ?? []) await stopProcess(leftover);

  const state = { owner: identityOf(process.pid), processes: [] };
  const started = ({ name, pid, start, stopSignal }) => {
    state.processes.push({ name, pid, start, stopSignal });
    writeJson(devFile, state);
  };
  const place = { dir: stateDir, logDir: logsDir, logPrefix: 'dev-', started };
  const [postgres, kafka] = await Promise.all([
    startLocalPostgres({ ...place, secrets: loadSecrets(), port: 15432 }),
    startLocalKafka({ ...place, port: 19092 }),
  ]);
  const pids = { postgres: postgres.pid, kafka: kafka.pid };
  writeJson(devFile, { databaseUrl: postgres.url, kafkaBrokers: kafka.brokers, pids, ...state });
  console.log(`PostgreSQL and Kafka are up (addresses: ${devFile}). Ctrl-C ends them.`);

  const why = await untilEnd([postgres, kafka]);
  console.log(`Ending (${why}).`);
  await Promise.all([stopProcess(kafka), stopProcess(postgres)]);
  rmSync(devFile, { force: true });
  process.exit(0);
}

function untilEnd(servers) {
  setInterval(() => {}, 1 << 30); // A promise alone does not keep Node up.
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve(signal));
    for (const server of servers) void server.ended.then((outcome) => resolve(`${server.name} ${outcome}`));
  });
}

if (process.argv[1] === import.meta.filename) await dev();
