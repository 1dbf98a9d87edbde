// `npm run bench:ledger|bench:metering|bench:payments|bench:gateway -- [part …]` (`--help` tells the parts) measures a service, and
// `npm run simulate:payments` plays it, on a PostgreSQL and a Kafka of its own, which are thrown away afterwards.
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

const help = {
  ledger: `npm run bench:ledger -- [charges] [holds] [growth] [as-of] [rebuild] [--entries=N]
  charges   Kafka to posted charges, many customers and one hot one, against four bare rows
  holds     64 callers, unary and on a stream, against one transaction a hold behind the same door
  growth    what a charge costs while one book grows tenfold, and tenfold again, up to --entries (1,000,000)
  as-of     the balance as of then against the balance now, in a book of a million entries
  rebuild   the journal folded anew against PostgreSQL's own sum
Without a name, all of them: about ten minutes. npm run bench:growth grows to ten million entries, for an hour.
Every figure stands beside its baseline of the same run, its target, and whether it is met.
BENCH_CHARGES, BENCH_CUSTOMERS, BENCH_ENTRIES and BENCH_HOLD_SECONDS say how much. Servers and data are thrown away at the end,
also where it is interrupted.`,
  metering: `npm run bench:metering -- [rating] [reads]
  rating    Kafka in to rated out with lines, roll-ups, inbox and outbox, against the very same rows inserted bare
  reads     usage by day and pages of calls among ten million of one customer, at the door
Without a name, both: about fifteen minutes. BENCH_RATED, BENCH_CUSTOMERS and BENCH_CALLS say how much.`,
  simulation: `npm run simulate:payments -- [--steps 10000] [--seed N] [--customers 20] [--between 1000]
Plays customers, providers that fail, people and crashes by chance on a PostgreSQL and a Kafka of its own. After every so many
steps (--between) everything comes to rest, and every rule of the books must hold, also against the providers. The same seed
gives the same choices. Exit status 1 where a rule is broken, with what led there.`,
  payments: `npm run bench:payments -- [notifications] [bill]
  notifications  from the sending to the committed credit, and how many a second, beside bare verification
  bill           a day of a million payments: fetched, read, compared with our orders; time and memory
Without a name, both: about three minutes. BENCH_PAYMENTS and BENCH_BILL_LINES say how much.`,
  gateway: `npm run bench:gateway -- [throughput] [latency] [streams]
  throughput  32 callers, a provider that answers at once, a durable hold for each call; streams of 20 chunks beside it
  latency     what is added at 500 calls a second, to one caller again and again, and to a call now and then
  streams     500 streams of 50 chunks a second: processor time a chunk, the first byte, memory, what stays behind
Without a name, all of them: about six minutes. Gateway, metering, ledger and a fake provider run as processes of their own,
with the provider called directly beside it. BENCH_SECONDS (10) and BENCH_STREAM_SECONDS (20) say for how long each is measured
(600: whether memory stays flat for ten minutes), BENCH_STREAMS (500) how many streams. BENCH_PROFILES=<folder> keeps a CPU profile
of each process there.`,
};

const [name, ...given] = process.argv.slice(2);
const parts = given.filter((word) => !word.startsWith('--'));
const entries = given.find((word) => word.startsWith('--entries='))?.split('=')[1];
const runDir = join(stateDir, 'bench', String(process.pid));
const processes = [];
const dataDirs = [];

if (given.includes('--help')) console.log(help[name]);
else process.exitCode = await run();

async function run() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => void end().then(() => process.exit(130)));
  mkdirSync(runDir, { recursive: true, mode: 0o711 });
  try {
    await step('build', build);
    const { postgres, kafka } = await startServers();
    await query(postgres.url, 'postgres', `CREATE DATABASE bench_${name}`);
    const tool = startTool({
      path: `bench/src/${name}`,
      args: name === 'simulation' ? given : parts,
      environment: {
        BENCH_DATABASE_URL: `${postgres.url}/bench_${name}`,
        BENCH_POSTGRES_PID: String(postgres.pid),
        BENCH_KAFKA_PID: String(kafka.pid),
        KAFKA_BROKERS: kafka.brokers,
        ...(entries === undefined ? {} : { BENCH_ENTRIES: entries }),
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
