import type { Rows } from '../journal/rows.ts';
import { Client, type QueryResultRow } from 'pg';

/** A snapshot that another connection has exported and still holds. */
export interface ExportedSnapshot {
  readonly databaseUrl: string;
  readonly snapshot: string;
}

/**
 * Runs `work` on an exported snapshot, by a connection of its own without limits of time: what is read there may take as long as the
 * journal is. Loads the driver and nothing else, so that a thread is there at once.
 */
export async function onExportedSnapshot(
  { databaseUrl, snapshot }: ExportedSnapshot,
  work: (tx: Rows) => Promise<void>,
): Promise<void> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'ledger rebuild',
    keepAlive: true,
    options: '-c TimeZone=UTC',
  });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    await client.query(`SET TRANSACTION SNAPSHOT ${client.escapeLiteral(snapshot)}`);
    await work({
      query: async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
        (await client.query<Row & QueryResultRow>(sql, [...values])).rows,
    });
  } finally {
    await client.end();
  }
}
