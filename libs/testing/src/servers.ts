import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';

/** Where the real servers of this test run are. */
export interface TestServers {
  /** A superuser's URL without a database name: `postgres://postgres:…@127.0.0.1:15432`. */
  readonly databaseUrl: string;
  /** A comma list of `host:port`. */
  readonly kafkaBrokers: string;
}

/**
 * The PostgreSQL and Kafka that integration specs use: those that `npm test` started, else those of `npm run servers`.
 * Throws when there are none, because a spec that skipped itself would look like one that passed.
 */
export function testServers(): TestServers {
  const databaseUrl = process.env['HAOLI_TEST_DATABASE_URL'];
  const kafkaBrokers = process.env['HAOLI_TEST_KAFKA_BROKERS'];
  if (databaseUrl !== undefined && kafkaBrokers !== undefined) return { databaseUrl, kafkaBrokers };
  return developmentServers();
}

/**
 * Creates an empty database and gives its URL. It is dropped when the Jest run ends, so a spec needs no clean-up,
 * and its name is new every time, so specs of one run and of several runs never meet.
 */
export async function freshDatabase(name: string): Promise<string> {
  const { databaseUrl } = testServers();
  const database = `${unique('spec', '_')}_${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`.slice(0, 63);
  const client = new pg.Client({ connectionString: `${databaseUrl}/postgres` });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE "${database}" TEMPLATE template0 ENCODING 'UTF8'`);
  } finally {
    await client.end();
  }
  return `${databaseUrl}/${database}`;
}

/** A prefix for `KAFKA_TOPIC_PREFIX` that no other spec has. Topics under it are deleted when the Jest run ends. */
export function topicPrefix(): string {
  return `${unique('spec', '-')}-`;
}

/** A port of this machine that nobody listens at, for a server that must be told its port. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function developmentServers(): TestServers {
  const file = join(import.meta.dirname, '../../../.haoli/dev.json');
  try {
    const { databaseUrl, kafkaBrokers } = JSON.parse(readFileSync(file, 'utf8')) as Partial<TestServers>;
    if (databaseUrl !== undefined && kafkaBrokers !== undefined) return { databaseUrl, kafkaBrokers };
  } catch {
    // No file, or one that is being written: the message below says what to do.
  }
  throw new Error('No servers for integration specs: run `npm run servers` beside it, or use `npm test`.');
}

/** The run's id comes first: the runner removes what carries it. Worker and counter keep the specs of a run apart. */
function unique(kind: string, separator: string): string {
  const run = process.env['HAOLI_TEST_RUN'] ?? `0x${String(process.pid)}`;
  counter += 1;
  return [kind, run, process.pid, counter, Date.now().toString(36)].join(separator);
}

let counter = 0;
