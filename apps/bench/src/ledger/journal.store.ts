import { Database } from '@app/persistence';

/** The number that the ledger's relay leads by: whoever holds it keeps the journal from being published. */
const relayLock = 7_245_002;

/** What the benchmark reads of the ledger's database, beside it. */
export class JournalOfBench {
  private readonly database: Database;

  constructor(url: string) {
    this.database = new Database({ url, applicationName: 'bench', connectionsMax: 4 });
  }

  /** Entries of the customers' books so far. */
  async entries(): Promise<number> {
    const [row] = await this.database.query<{ entries: string }>(
      'SELECT coalesce(sum(version), 0) AS entries FROM book_head',
    );
    return Number(row?.entries ?? 0);
  }

  /** How many entries a book has. */
  async versionOf(bookId: string): Promise<number> {
    const [row] = await this.database.query<{ version: string }>(
      'SELECT version FROM book_head WHERE book_id = $1',
      [bookId],
    );
    return Number(row?.version ?? 0);
  }

  /** Runs `work` while nobody publishes the journal, so that writing is measured alone. */
  async withoutPublishing<Result>(work: () => Promise<Result>): Promise<Result> {
    const client = await this.database.pool.connect();
    try {
      await client.query('SELECT pg_advisory_lock($1)', [relayLock]);
      return await work();
    } finally {
      client.release(true);
    }
  }

  /** Lets the tables settle: statistics are fresh, and a vacuum does not fall into a measurement. */
  async settle(): Promise<void> {
    await this.database.query('VACUUM ANALYZE');
    await this.database.query('CHECKPOINT');
  }

  /** When a book got its entry of this version. */
  async recordedAt(bookId: string, version: number): Promise<string> {
    const [row] = await this.database.query<{ recorded_at: string }>(
      'SELECT recorded_at FROM entry WHERE book_id = $1 AND version = $2',
      [bookId, version],
    );
    if (row === undefined) throw new RangeError(`${bookId} has no entry ${String(version)}`);
    return row.recorded_at;
  }

  /** The balance now, read by primary key. */
  async balanceNow(bookId: string): Promise<void> {
    await this.database.query(
      { name: 'bench_now', text: 'SELECT version, paid, granted, held FROM book_head WHERE book_id = $1' },
      [bookId],
    );
  }

  /** The balance as of an instant, in the same form. */
  async balanceAsOf(bookId: string, instant: string): Promise<void> {
    await this.database.query(
      {
        name: 'bench_as_of',
        text: `SELECT version, paid_after, granted_after, held_after FROM entry_as_of($1, $2::timestamptz)`,
      },
      [bookId, instant],
    );
  }

  /**
   * What PostgreSQL itself needs to sum every posting by account, in the form that we found fastest on the ledger's own table: both
   * sides of a row at once, no names of accounts, no compiling. Gives the number of accounts.
   */
  async sumByAccount(): Promise<number> {
    return this.database.transaction(async (tx) => {
      await tx.query('SET LOCAL jit = off');
      const [row] = await tx.query<{ accounts: string }>(sumSql);
      return Number(row?.accounts ?? 0);
    });
  }

  /** Makes an empty database beside this one, in place of what an earlier run has left. */
  async createDatabase(name: string): Promise<void> {
    await this.database.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await this.database.query(`CREATE DATABASE ${name}`);
  }

  /** Takes all entries as published. */
  async markPublished(): Promise<void> {
    await this.database.query(
      `INSERT INTO outbox_cursor (source, xid, id)
       SELECT 'journal', xid, position FROM entry ORDER BY xid DESC, position DESC LIMIT 1
       ON CONFLICT (source) DO UPDATE SET xid = excluded.xid, id = excluded.id`,
    );
  }

  /** Postings in the journal. */
  async postings(): Promise<number> {
    const [row] = await this.database.query<{ postings: string }>(
      'SELECT coalesce(sum(posting_count), 0) AS postings FROM entry',
    );
    return Number(row?.postings ?? 0);
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

/** Books and codes name an account: a wallet is two codes in its book, and what is the platform's is the same in all. */
const sumSql = `
  WITH sums AS (
    SELECT book_id, debit_1, credit_1, sum(amount_1) AS amount_1, debit_2, credit_2, sum(amount_2) AS amount_2
      FROM entry GROUP BY book_id, debit_1, credit_1, debit_2, credit_2
  )
  SELECT count(*) AS accounts FROM (
    SELECT replace(account.name, '*', book_id), sum(amount) FROM (
             SELECT book_id, debit_1 AS code, -amount_1 AS amount FROM sums
             UNION ALL SELECT book_id, credit_1, amount_1 FROM sums
             UNION ALL SELECT book_id, debit_2, -amount_2 FROM sums
             UNION ALL SELECT book_id, credit_2, amount_2 FROM sums
             UNION ALL SELECT book_id, debit, -amount FROM entry_posting
             UNION ALL SELECT book_id, credit, amount FROM entry_posting) moved
      JOIN account USING (code) GROUP BY 1) accounts`;
