import type { Database } from '@app/persistence';
import { sqlStateOf } from '@app/persistence';
import type { PoolClient, QueryResultRow } from 'pg';
import type { BatchStatement } from './batch-statement.ts';
import type { Rows } from './rows.ts';

/**
 * One connection that a writer keeps, so that its statements stay prepared.
 * Its plans always go by index: they are made once, and must not remember how empty the tables were then.
 */
export class WriterConnection implements Rows {
  private client: PoolClient | undefined;

  constructor(private readonly database: Database) {}

  async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.run(async (client) => (await client.query<Row & QueryResultRow>(sql, [...values])).rows);
  }

  /** Runs a prepared statement and gives its first row. */
  async write<Row extends object>(
    statement: BatchStatement,
    values: readonly (string | Buffer)[],
  ): Promise<Row | undefined> {
    const query = { name: statement.name, text: statement.text, values: [...values] };
    return this.run(async (client) => (await client.query<Row & QueryResultRow>(query)).rows[0]);
  }

  /** Gives the connection back; the next use takes a new one. */
  close(): void {
    this.client?.release(true);
    this.client = undefined;
  }

  private async run<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = (this.client ??= await this.connect());
    try {
      return await work(client);
    } catch (error) {
      // After an error that did not come from the server, nobody knows what the connection is in the middle of.
      if (sqlStateOf(error) === undefined) this.drop(client);
      throw error;
    }
  }

  private async connect(): Promise<PoolClient> {
    const client = await this.database.pool.connect();
    client.on('error', () => {
      this.drop(client);
    });
    try {
      await client.query(settings);
    } catch (error) {
      client.release(true);
      throw error;
    }
    return client;
  }

  private drop(client: PoolClient): void {
    if (this.client !== client) return;
    this.client = undefined;
    client.release(true);
  }
}

const settings =
  'SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off';
