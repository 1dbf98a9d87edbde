// `npm run bench:ledger [charges|holds|growth|as-of|rebuild …]`: measures the ledger on a PostgreSQL and a Kafka of its own,
// which are thrown away afterwards.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { stateDir } from './paths.mjs';
import { query, removeData } from './postgres.mjs';
import { stopProcess } from './processes.mjs';
import { say, step } from './progress.mjs';
import { loadSecrets } from './secrets.mjs';
import { startLocalKafka, startLocalPostgres } from './servers.mjs';
import { startTool } from './tools.mjs';

const help = `npm run bench:ledger                    measures everything (about ten minutes)
npm run bench:ledger -- charges holds   measures these; there are charges, holds, growth, as-of, rebuild
BENCH_CHARGES, BENCH_CUSTOMERS, BENCH_ENTRIES and BENCH_HOLD_SECONDS say how much.`;

const [, ...parts] = process.argv.slice(2);
const runDir = join(stateDir, 'bench', String(process.pid));
const processes = [];
const dataDirs = [];

if (parts.includes('--help')) console.log(help);
else process.exitCode = await run();

async function run() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => void end().then(() => process.exit(130)));
  mkdirSync(runDir, { recursive: true, mode: 0o711 });
  try {
    await step('build', build);
    const { postgres, kafka } = await startServers();
    await query(postgres.url, 'postgres', 'CREATE DATABASE bench_ledger');
    const tool = startTool({
      path: 'bench/src/ledger',
      args: parts,
      environment: {
        BENCH_DATABASE_URL: `${postgres.url}/bench_ledger`,
        BENCH_POSTGRES_PID: String(postgres.pid),
        KAFKA_BROKERS: kafka.brokers,
      },
    });
    processes.unshift(tool);
    return await tool.status;
  } catch (error) {
    say(error.message);
    return 1;
  } finally {
    await end();
  }
}

async function startServers() {
  const started = (server) => processes.push(server);
  const place = { dir: runDir, logDir: runDir, logPrefix: `bench-${process.pid}-`, started };
  const [postgres, kafka] = await Promise.all([
    step('PostgreSQL', () => startLocalPostgres({ ...place, secrets: loadSecrets(), port: 35432 })),
    step('Kafka', () => startLocalKafka({ ...place, port: 39092 })),
  ]);
  dataDirs.push(postgres.dataDir);
  return { postgres, kafka };
}

async function end() {
  for (const one of processes.splice(0)) await stopProcess(one);
  for (const dataDir of dataDirs.splice(0)) removeData({ dataDir });
  rmSync(runDir, { recursive: true, force: true });
}
