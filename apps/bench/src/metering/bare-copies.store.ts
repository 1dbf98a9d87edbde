import type { Database } from '@app/persistence';
import { type Tx } from '@app/persistence';

/** The tables of which rating a call writes rows; `match` says which rows are those of the calls from a customer on. */
const written = ['call', 'usage_quarter', 'usage_hour', 'inbox', 'outbox'] as const;
type Written = (typeof written)[number];

const callsAtOnce = 1_000;

interface Column {
  readonly name: string;
  readonly type: string;
}

type Rows = readonly Readonly<Record<string, unknown>>[];

/** Copies of metering's tables, to insert the very rows that rating wrote as fast as PostgreSQL takes them. */
export class BareCopies {
  private readonly columns = new Map<Written, readonly Column[]>();
  private readonly rows = new Map<Written, Rows>();

  constructor(private readonly database: Database) {}

  /** Makes empty copies with the same keys and indexes, and keeps the rows that metering has written, as text. */
  async copy(): Promise<void> {
    for (const table of written) {
      await this.database.query(`CREATE TABLE bare_${table} (LIKE ${table} INCLUDING ALL)`);
      const columns = await this.database.query<Column>(
        `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
          WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      );
      this.columns.set(table, columns);
      const texts = columns.map(({ name }) => `${name}::text AS ${name}`).join(', ');
      this.rows.set(table, await this.database.query(`SELECT ${texts} FROM ${table}`));
    }
  }

  /** The calls whose rows are kept. */
  get calls(): number {
    return this.rows.get('call')?.length ?? 0;
  }

  /** How many rows a call has in all tables together. */
  get rowsPerCall(): number {
    const rows = written.reduce((sum, table) => sum + (this.rows.get(table)?.length ?? 0), 0);
    return rows / this.calls;
  }

  /** Inserts all rows into the empty copies: of a thousand calls one statement a table, in one transaction. */
  async insert(): Promise<void> {
    for (const table of written) await this.database.query(`TRUNCATE bare_${table}`);
    const batches = Math.ceil(this.calls / callsAtOnce);
    for (let batch = 0; batch < batches; batch += 1) {
      await this.database.transaction(async (tx) => {
        for (const table of written) await this.insertPart(tx, table, { batch, batches });
      });
    }
  }

  private async insertPart(
    tx: Tx,
    table: Written,
    { batch, batches }: { readonly batch: number; readonly batches: number },
  ): Promise<void> {
    const all = this.rows.get(table) ?? [];
    const rows = all.slice(
      Math.floor((all.length * batch) / batches),
      Math.floor((all.length * (batch + 1)) / batches),
    );
    const columns = this.columns.get(table) ?? [];
    await tx.query(
      `INSERT INTO bare_${table} OVERRIDING SYSTEM VALUE
       SELECT * FROM unnest(${columns.map(({ type }, at) => `$${String(at + 1)}::${type}[]`).join(', ')})`,
      columns.map(({ name }) => rows.map((row) => row[name])),
    );
  }
}
