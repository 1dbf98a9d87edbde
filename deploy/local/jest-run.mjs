// Jest calls this before and after a whole run: it names the run, and removes the databases and topics made under that
// name, and those of earlier runs that were ended before they could clean up.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from './paths.mjs';
import { startTimeOf } from './processes.mjs';

export const setup = () => {
  process.env['HAOLI_TEST_RUN'] = `${process.pid}x${startTimeOf(process.pid)}`;
};

export const teardown = async () => {
  const servers = serversOfRun();
  if (servers === undefined) return;
  // A server that was ended before us has nothing left to clean.
  await Promise.allSettled([dropDatabases(servers.databaseUrl), deleteTopics(servers.kafkaBrokers)]);
};

async function dropDatabases(databaseUrl) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: `${databaseUrl}/postgres`,
    connectionTimeoutMillis: 2_000,
  });
  await client.connect();
  const { rows } = await client.query(`SELECT datname FROM pg_database WHERE datname LIKE 'spec\\_%'`);
  for (const { datname } of rows) {
    if (isOver(datname.split('_')[1]))
      await client.query(`DROP DATABASE IF EXISTS "${datname}" WITH (FORCE)`);
  }
  const roles = await client.query(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'spec\\_%'`);
  for (const { rolname } of roles.rows) {
    if (isOver(rolname.split('_')[1])) await client.query(`DROP ROLE "${rolname}"`);
  }
  await client.end();
}

async function deleteTopics(kafkaBrokers) {
  const { Kafka, logLevel } = await import('kafkajs');
  const kafka = new Kafka({
    brokers: kafkaBrokers.split(','),
    logLevel: logLevel.NOTHING,
    retry: { retries: 1 },
  });
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter(
    (name) => name.startsWith('spec-') && isOver(name.split('-')[1]),
  );
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();
}

/** True for this run and for runs whose process is gone. */
function isOver(run = '') {
  const [pid, start] = run.split('x');
  return run === process.env['HAOLI_TEST_RUN'] || startTimeOf(Number(pid)) !== start;
}

function serversOfRun() {
  const { HAOLI_TEST_DATABASE_URL: databaseUrl, HAOLI_TEST_KAFKA_BROKERS: kafkaBrokers } = process.env;
  if (databaseUrl && kafkaBrokers) return { databaseUrl, kafkaBrokers };
  try {
    return JSON.parse(readFileSync(join(stateDir, 'dev.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
