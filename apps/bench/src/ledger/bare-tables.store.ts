import { Database } from '@app/persistence';

const batchRows = 1_000;

/** What PostgreSQL does when nothing is asked of it but to keep an entry, its two postings and its outbox row. */
export class BareTables {
  private readonly database: Database;
  private inserted = 0;

  constructor(url: string) {
    this.database = new Database({ url, applicationName: 'bench bare', connectionsMax: 64 });
  }

  async create(): Promise<void> {
    await this.database.query(`
      CREATE TABLE bare_entry (book integer NOT NULL, version bigint NOT NULL, event_id text NOT NULL, kind smallint NOT NULL,
                               occurred_at timestamptz NOT NULL, PRIMARY KEY (book, version));
      CREATE TABLE bare_posting (book integer NOT NULL, version bigint NOT NULL, line smallint NOT NULL, account integer NOT NULL,
                                 amount numeric(38,18) NOT NULL, PRIMARY KEY (book, version, line));
      CREATE TABLE bare_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL, value text NOT NULL);
      CREATE TABLE bare_head (book integer PRIMARY KEY, version bigint NOT NULL, paid numeric(38,18) NOT NULL, held numeric(38,18) NOT NULL);
      CREATE TABLE bare_hold_entry (LIKE bare_entry INCLUDING ALL);
      CREATE TABLE bare_hold (hold_id text PRIMARY KEY, book integer NOT NULL, amount numeric(38,18) NOT NULL);
      INSERT INTO bare_head SELECT book, 0, 1000000, 0 FROM generate_series(0, 999) book`);
  }

  /** Inserts that many times four rows, a thousand entries in a statement. */
  async insert(entries: number): Promise<void> {
    for (let done = 0; done < entries; done += batchRows) await this.insertBatch();
  }

  /** Places one hold in a transaction of its own: lock, decide, write, commit. */
  async placeHold(holdId: string, book: number): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [head] = await tx.query<{ enough: boolean; version: string }>(
        'SELECT version, paid - held >= 0.01 AS enough FROM bare_head WHERE book = $1 FOR UPDATE',
        [book],
      );
      if (head?.enough !== true) throw new RangeError('A benchmark has money enough.');
      const version = (BigInt(head.version) + 1n).toString();
      await tx.query('INSERT INTO bare_hold_entry VALUES ($1, $2, $3, 2, now())', [
        book,
        version,
        `${holdId}:placed`,
      ]);
      await tx.query('INSERT INTO bare_hold VALUES ($1, $2, 0.01)', [holdId, book]);
      await tx.query('UPDATE bare_head SET version = $2, held = held + 0.01 WHERE book = $1', [
        book,
        version,
      ]);
    });
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private async insertBatch(): Promise<void> {
    const rows = Array.from({ length: batchRows }, () => this.nextRow());
    const column = (name: keyof BareRow) => `{${rows.map((row) => row[name]).join(',')}}`;
    await this.database.query(insertSql, [
      column('book'),
      column('version'),
      column('eventId'),
      column('occurredAt'),
      column('amount'),
      `{${rows.map(({ value }) => JSON.stringify(value)).join(',')}}`,
    ]);
  }

  private nextRow(): BareRow {
    this.inserted += 1;
    const book = this.inserted % 1_000;
    const amount = '0.0195';
    const eventId = `call_${String(this.inserted).padStart(26, '0')}:rated`;
    const occurredAt = new Date(1_790_000_000_000 + this.inserted).toISOString();
    const value = JSON.stringify({
      book,
      eventId,
      amount,
      occurredAt,
      debit: 'wallet',
      credit: 'revenue',
      more: 'x'.repeat(200),
    });
    return { book, version: this.inserted, eventId, occurredAt, amount, value };
  }
}

interface BareRow {
  readonly book: number;
  readonly version: number;
  readonly eventId: string;
  readonly occurredAt: string;
  readonly amount: string;
  readonly value: string;
}

const insertSql = `
  WITH given AS (
    SELECT * FROM unnest($1::integer[], $2::bigint[], $3::text[], $4::timestamptz[], $5::numeric[], $6::text[])
      AS row (book, version, event_id, occurred_at, amount, value)
  ), entries AS (
    INSERT INTO bare_entry SELECT book, version, event_id, 1, occurred_at FROM given
  ), debits AS (
    INSERT INTO bare_posting SELECT book, version, 1, 1, -amount FROM given
  ), credits AS (
    INSERT INTO bare_posting SELECT book, version, 2, 3, amount FROM given
  )
  INSERT INTO bare_outbox (key, value) SELECT book::text, value FROM given`;
