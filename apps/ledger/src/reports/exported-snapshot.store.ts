import type { Rows } from '../journal/rows.ts';
import { Client, type QueryResultRow } from 'pg';
import { CopiedRows } from './copied-rows.store.ts';

/** A snapshot that another connection has exported and still holds. */
export interface ExportedSnapshot {
  readonly databaseUrl: string;
  readonly snapshot: string;
}

/** Reads on one snapshot; questions are answered while rows are copied. */
export interface SnapshotReader extends Rows {
  /** Rows as `CopiedRows` gives them; one such question at a time. */
  copied(sql: string): AsyncGenerator<readonly string[]>;
}

/**
 * Runs `work` on an exported snapshot, by two connections of its own without limits of time: what is read there may take as long as the
 * journal is. Loads the driver and nothing else, so that a thread is there at once.
 */
export async function onExportedSnapshot<Result>(
  from: ExportedSnapshot,
  work: (reader: SnapshotReader) => Promise<Result>,
): Promise<Result> {
  const clients = [clientOf(from), clientOf(from)] as const;
  try {
    await Promise.all(clients.map((client) => takeSnapshot(client, from.snapshot)));
    const [asked, copying] = clients;
    return await work({
      query: async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
        (await asked.query<Row & QueryResultRow>(sql, [...values])).rows,
      copied: (sql) => copying.query(new CopiedRows(sql)).batches(),
    });
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/**
 * Statements are compiled longer than that saves, and those who read beside one another are as many as there are processors already.
 * Rows in the order of a key are read in its order, and not sorted as a whole first, unless the table is so large that it pays.
 */
const settings = 'TimeZone=UTC jit=off max_parallel_workers_per_gather=0 random_page_cost=1.1';

const clientOf = ({ databaseUrl }: ExportedSnapshot): Client =>
  new Client({
    connectionString: databaseUrl,
    application_name: 'ledger rebuild',
    keepAlive: true,
    options: settings
      .split(' ')
      .map((setting) => `-c ${setting}`)
      .join(' '),
  });

async function takeSnapshot(client: Client, snapshot: string): Promise<void> {
  // Whoever reads from a lost connection is told; without a listener, all else would end as well.
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  await client.query(`SET TRANSACTION SNAPSHOT ${client.escapeLiteral(snapshot)}`);
}
