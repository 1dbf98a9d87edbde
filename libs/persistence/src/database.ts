import { health, log, metrics } from '@app/observability';
import { Pool, type PoolClient, type QueryResultRow } from 'pg';
import { CommitUnknown } from './errors.ts';
import { isConflict, sqlStateOf } from './failures.ts';
import { rowTypes } from './row-types.ts';

/** A statement that the server plans once for each connection; a name belongs to one text for ever. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/** One database transaction. Instants come as UTC text with microseconds, numeric and bigint as text. */
export interface Tx {
  /** Runs one statement and gives its rows. */
  query<Row extends object = QueryResultRow>(
    sql: string | PreparedStatement,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** Runs `work` once this transaction is committed; never when it is rolled back. For wake-ups, not for effects. */
  afterCommit(work: () => void): void;
}

/** Where a service's rows are. */
export interface DatabaseOptions {
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Connections at most; 10 where nothing is said. */
  readonly connectionsMax?: number;
}

const attemptsMax = 6;
const conflicts = metrics.counter({
  name: 'database_conflicts_total',
  help: 'Transactions that were tried again after a deadlock or a serialization failure.',
});

/** The pooled connections of one service to its own database. */
export class Database {
  readonly pool: Pool;

  constructor(readonly options: DatabaseOptions) {
    this.pool = new Pool(poolSettings(options));
    // An idle connection that the server ends says so here; without a listener the process would end.
    this.pool.on('error', (error) => {
      log().warn({ err: error }, 'An idle database connection was lost');
    });
    health.ready('database', async () => {
      await this.query('SELECT 1');
    });
  }

  /** Runs one statement outside any transaction. */
  async query<Row extends object = QueryResultRow>(
    sql: string | PreparedStatement,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    return this.withClient(async (client) => {
      try {
        return await rowsOf<Row>(client, sql, values);
      } catch (error) {
        if (sqlStateOf(error) === undefined) brokenClients.add(client);
        throw error;
      }
    });
  }

  /**
   * Runs `work` in one transaction (READ COMMITTED: lock what you decide on) and commits it.
   * After a deadlock or serialization failure the whole work is run again, so it must have no other effects.
   * Throws CommitUnknown where the connection was lost during COMMIT.
   */
  async transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (!isConflict(error) || attempt === attemptsMax) throw error;
        conflicts.inc();
        await new Promise((resolve) => setTimeout(resolve, 2 ** attempt * (1 + Math.random())));
      }
    }
  }

  /** Ends all connections; statements under way finish first. */
  async close(): Promise<void> {
    if (!this.pool.ended) await this.pool.end();
  }

  private async attempt<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    const listeners: (() => void)[] = [];
    const result = await this.withClient(async (client) => {
      const tx: Tx = {
        query: (sql, values = []) => rowsOf(client, sql, values),
        afterCommit: (listener) => listeners.push(listener),
      };
      await client.query('BEGIN');
      const outcome = await rolledBackOnError(client, () => work(tx));
      await commit(client);
      return outcome;
    });
    for (const listener of listeners) listener();
    return result;
  }

  /** A client that is out of the pool reports a lost connection as an event; without a listener the process would end. */
  private async withClient<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    const onError = () => {
      brokenClients.add(client);
    };
    client.on('error', onError);
    try {
      return await work(client);
    } finally {
      client.off('error', onError);
      client.release(brokenClients.has(client));
    }
  }
}

async function rowsOf<Row extends object>(
  client: PoolClient,
  sql: string | PreparedStatement,
  values: readonly unknown[],
): Promise<Row[]> {
  const statement = typeof sql === 'string' ? { text: sql } : sql;
  return (await client.query<Row & QueryResultRow>({ ...statement, values: [...values] })).rows;
}

/** Clients of which nobody knows what they are in the middle of; they are closed instead of going back to the pool. */
const brokenClients = new WeakSet<PoolClient>();

async function rolledBackOnError<Result>(client: PoolClient, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await client.query('ROLLBACK').catch(() => brokenClients.add(client));
    throw error;
  }
}

async function commit(client: PoolClient): Promise<void> {
  try {
    const { command } = await client.query('COMMIT');
    // Where a statement failed and the work went on regardless, PostgreSQL answers COMMIT with a rollback and no error.
    if (command !== 'COMMIT') throw new TypeError('The work hid a failed statement, so it was rolled back.');
  } catch (error) {
    if (error instanceof TypeError || isAnswer(error)) throw error;
    brokenClients.add(client);
    throw new CommitUnknown(error);
  }
}

/** Whether the server itself said that COMMIT failed, rather than going away in the middle of it. */
const isAnswer = (error: unknown): boolean => /^(?!57P|08)/.test(sqlStateOf(error) ?? '57P');

/** Without these limits a hung network would block a service for ever. */
function poolSettings({ url, applicationName, connectionsMax = 10 }: DatabaseOptions) {
  return {
    connectionString: url,
    application_name: applicationName,
    max: connectionsMax,
    types: rowTypes,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: 30_000,
    query_timeout: 35_000,
    idle_in_transaction_session_timeout: 30_000,
    options: '-c TimeZone=UTC',
  };
}
