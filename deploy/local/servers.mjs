// PostgreSQL and Kafka alone, for development: `node deploy/local/servers.mjs dev` keeps them up until it is ended.
// Where they are is written to .haoli/dev.json, which libs/testing reads.
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startKafka } from './kafka.mjs';
import { makeStateDir, stateDir } from './paths.mjs';
import { freePort } from './ports.mjs';
import { startPostgres } from './postgres.mjs';
import { identityOf, isAlive, readJson, stopProcess, writeJson } from './processes.mjs';

const devFile = join(stateDir, 'dev.json');

/** Starts both servers with their data under `dir`. `started` is told of each as soon as it exists. */
export async function startServers({ dir, password, ports, logPrefix, started }) {
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  const log = (name) => `${logPrefix}${name}.log`;
  const postgres = await startPostgres({
    dataDir: join(dir, 'postgres'),
    port: await freePort(ports.postgres),
    password,
    logFile: log('postgres'),
  });
  started(postgres);
  const kafka = await startKafka({
    dataDir: join(dir, 'kafka'),
    port: await freePort(ports.kafka),
    controllerPort: await freePort(ports.kafka + 1),
    logFile: log('kafka'),
  });
  started(kafka);
  return { postgres, kafka };
}

async function dev() {
  makeStateDir();
  const before = readJson(devFile);
  if (before?.owner && isAlive(before.owner)) {
    console.log(
      `Already running: ${before.databaseUrl} and ${before.kafkaBrokers} (process ${before.owner.pid}).`,
    );
    return;
  }
  for (const leftover of before?.processes ?? []) await stopProcess(leftover);

  const password = before?.password ?? randomBytes(18).toString('base64url');
  const state = { owner: identityOf(process.pid), password, processes: [] };
  const started = ({ name, pid, start, stopSignal }) => {
    state.processes.push({ name, pid, start, stopSignal });
    writeJson(devFile, state);
  };
  const { postgres, kafka } = await startServers({
    dir: join(stateDir, 'dev'),
    password,
    ports: { postgres: 15432, kafka: 19092 },
    logPrefix: join(stateDir, 'logs', 'dev-'),
    started,
  });
  const pids = { postgres: postgres.pid, kafka: kafka.pid };
  writeJson(devFile, { databaseUrl: postgres.url, kafkaBrokers: kafka.brokers, pids, ...state });
  console.log(`PostgreSQL and Kafka are up (addresses: ${devFile}). Ctrl-C ends them.`);

  const signal = await new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => resolve(name));
    for (const server of [postgres, kafka])
      server.ended.then((outcome) => resolve(`${server.name} ${outcome}`));
    setInterval(() => {}, 1 << 30); // A promise alone does not keep Node up.
  });
  console.log(`Ending (${signal}).`);
  await Promise.all([stopProcess(kafka), stopProcess(postgres)]);
  rmSync(devFile, { force: true });
  process.exit(0);
}

if (process.argv[1] === import.meta.filename && process.argv[2] === 'dev') await dev();
