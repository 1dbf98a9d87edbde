import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { cutOf, type Seal, type SealedHead } from './seal.ts';
import type { SealedOn } from './sealed-book.ts';
import type { TreePlace } from './tree-pages.ts';
import { type Figures, TreeStore } from './tree.store.ts';

const rowsAtOnce = 5_000;

/** Cuts, heads and seals of days. */
@Injectable()
export class SealStore {
  constructor(
    private readonly database: Database,
    private readonly trees: TreeStore,
  ) {}

  /** The days that are over by the clock of the database and have no seal yet, oldest first. */
  async dueDays(): Promise<string[]> {
    const rows = await this.database.query<{ day: string }>(dueSql);
    return rows.map(({ day }) => day);
  }

  /** Announces the cuts of days: from now on nothing is recorded before them. */
  async announce(days: readonly string[]): Promise<void> {
    await this.database.query(
      `INSERT INTO day_cut (day, cut) SELECT day, cut FROM unnest($1::date[], $2::timestamptz[]) AS given (day, cut)
       ON CONFLICT DO NOTHING`,
      [days, days.map(cutOf)],
    );
  }

  /**
   * The transactions that are running now, by names that no later one has. Once all those that were running at an
   * announcement have ended, nothing can be recorded before the cut any more.
   */
  async running(): Promise<readonly string[]> {
    const rows = await this.database.query<{ name: string }>(
      `SELECT l.pid || ' ' || l.virtualxid AS name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'virtualxid' AND l.granted AND l.pid <> pg_backend_pid()
          AND a.datname = current_database() AND a.usesysid IS NOT NULL`,
    );
    return rows.map(({ name }) => name);
  }

  /**
   * Seals a day whose cut is final: keeps the heads of the books that moved, makes the root over all books, and stores
   * what `make` signs. Gives nothing where another process has sealed it or is about to.
   */
  sealDay(
    day: string,
    make: (figures: Figures, before: Seal | undefined) => Seal,
  ): Promise<Seal | undefined> {
    return this.database.transaction(async (tx) => {
      const [lock] = await tx.query<{ taken: boolean }>(
        `SELECT pg_try_advisory_xact_lock(hashtext('haoli.seal')) AS taken`,
      );
      if (lock?.taken !== true || (await sealOf(tx, day)) !== undefined) return undefined;
      await keepHeads(tx, day);
      const seal = make(await this.trees.keep(tx, this.heads(tx, day)), await lastSeal(tx));
      await insertSeal(tx, seal);
      return seal;
    });
  }

  /**
   * Where a head lies in the tree of a seal, on the way from its root. The pages of a tree that is not kept (of a seal that is
   * older than the keeping of trees, or thrown away) are made again first. Throws where the head is not under the seal after all.
   */
  async placeOf({ day, root }: Seal, head: SealedHead): Promise<TreePlace> {
    const kept = await this.trees.placeOf(root, head);
    if (kept !== undefined) return kept;
    await this.database.transaction((tx) => this.trees.keep(tx, this.heads(tx, day)));
    const made = await this.trees.placeOf(root, head);
    if (made !== undefined) return made;
    throw new Error(
      `The head ${head.version} of ${head.book} is not in the tree of ${day}: verify says why.`,
    );
  }

  /** The head that the seal of a day has of a book. */
  async headOf(book: string, day: string): Promise<SealedHead | undefined> {
    const [row] = await this.database.query<HeadRow>(
      `SELECT ${headColumns} FROM sealed_head WHERE book_id = $1 AND day <= $2::date ORDER BY day DESC LIMIT 1`,
      [book, day],
    );
    return row && headOf(row);
  }

  /** The heads of all books as the seal of a day has them, in the order of its leaves. Costs the books, not the days. */
  private async *heads(tx: Tx, day: string): AsyncGenerator<SealedHead> {
    await tx.query('SET LOCAL statement_timeout = 0');
    await tx.query(`DECLARE sealed_heads NO SCROLL CURSOR FOR ${headsSql}`, [day]);
    for (;;) {
      const rows = await tx.query<HeadRow>(`FETCH ${rowsAtOnce} FROM sealed_heads`);
      for (const row of rows) yield headOf(row);
      if (rows.length < rowsAtOnce) break;
    }
    await tx.query('CLOSE sealed_heads');
  }

  /** The heads of the books that moved on a day, by book. */
  async *moved(day: string): AsyncGenerator<SealedHead> {
    for (let after = ''; ;) {
      const rows = await this.database.query<HeadRow>(
        `SELECT ${headColumns} FROM sealed_head WHERE day = $1::date AND book_id > $2 ORDER BY book_id LIMIT ${rowsAtOnce}`,
        [day, after],
      );
      for (const row of rows) yield headOf(row);
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAtOnce) return;
      after = last.book;
    }
  }

  /** Seals after a day, oldest first. */
  async after(day: string, limit: number): Promise<Seal[]> {
    const rows = await this.database.query<SealRow>(
      `SELECT ${sealColumns} FROM sealed_day WHERE $1 = '' OR day > nullif($1, '')::date ORDER BY day LIMIT $2`,
      [day, limit],
    );
    return rows.map(sealOfRow);
  }

  /** The seal of a day. */
  get(day: string): Promise<Seal | undefined> {
    return sealOf(this.database, day);
  }

  /** The heads that were sealed of a book by day, and the last day that is sealed. */
  async ofBook(
    bookId: string,
    rows: Pick<Tx, 'query'> = this.database,
  ): Promise<{ readonly until: string; readonly sealed: readonly SealedOn[] }> {
    const last = await lastSeal(rows);
    const heads = await rows.query<HeadRow & { readonly day: string }>(
      `SELECT ${headColumns}, day::text AS day FROM sealed_head
        WHERE book_id = $1 AND day <= nullif($2, '')::date ORDER BY sealed_head.day`,
      [bookId, last?.day ?? ''],
    );
    const sealed = heads.map(({ day, version, hash }) => ({ day, version: Number(version), hash }));
    return { until: last?.day ?? '', sealed };
  }

  /** The head of a book that is sealed and of which no entry is there. */
  async withoutEntries(tx: Tx): Promise<SealedHead | undefined> {
    const [row] = await tx.query<HeadRow>(
      `SELECT ${headColumns} FROM sealed_head s
        WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.book_id = s.book_id AND e.version = 1)
        ORDER BY s.day, s.book_id LIMIT 1`,
    );
    return row && headOf(row);
  }
}

interface HeadRow {
  readonly book: string;
  readonly version: string;
  readonly hash: string;
}

const headColumns = `book_id AS book, version::text AS version, encode(hash, 'hex') AS hash`;

/** Goes from book to book in the index, and for each to its last head: no day is read but the last of each book. */
const headsSql = `
  WITH RECURSIVE books AS (
    (SELECT book_id FROM sealed_head ORDER BY book_id LIMIT 1)
    UNION ALL
    SELECT (SELECT s.book_id FROM sealed_head s WHERE s.book_id > b.book_id ORDER BY s.book_id LIMIT 1)
      FROM books b WHERE b.book_id IS NOT NULL
  )
  SELECT h.* FROM books b CROSS JOIN LATERAL (
    SELECT ${headColumns} FROM sealed_head WHERE book_id = b.book_id AND day <= $1::date ORDER BY day DESC LIMIT 1) h
   ORDER BY h.book COLLATE "C"`;

const headOf = ({ book, version, hash }: HeadRow): SealedHead => ({ book, version: Number(version), hash });

type SealRow = Omit<Seal, 'books' | 'entries' | 'sealVersion'> & {
  readonly books: string;
  readonly entries: string;
};

const sealColumns = `day::text AS day, to_char(cut AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cut,
  books::text AS books, entries::text AS entries, encode(root, 'hex') AS root, encode(previous, 'hex') AS previous,
  key_id AS "keyId", encode(hash, 'hex') AS hash, encode(signature, 'hex') AS signature`;

const sealOfRow = ({ books, entries, ...row }: SealRow): Seal => ({
  sealVersion: 1,
  day: row.day,
  cut: row.cut,
  books: Number(books),
  entries: Number(entries),
  root: row.root,
  previous: row.previous,
  keyId: row.keyId,
  hash: row.hash,
  signature: row.signature,
});

async function sealOf(rows: Pick<Tx, 'query'>, day: string): Promise<Seal | undefined> {
  const [row] = await rows.query<SealRow>(`SELECT ${sealColumns} FROM sealed_day WHERE day = $1::date`, [
    day,
  ]);
  return row && sealOfRow(row);
}

async function lastSeal(rows: Pick<Tx, 'query'>): Promise<Seal | undefined> {
  const [row] = await rows.query<SealRow>(`SELECT ${sealColumns} FROM sealed_day ORDER BY day DESC LIMIT 1`);
  return row && sealOfRow(row);
}

async function insertSeal(tx: Tx, seal: Seal): Promise<void> {
  await tx.query(
    `INSERT INTO sealed_day (day, cut, books, entries, root, previous, key_id, hash, signature)
     VALUES ($1, $2, $3, $4, decode($5, 'hex'), decode($6, 'hex'), $7, decode($8, 'hex'), decode($9, 'hex'))`,
    [
      seal.day,
      seal.cut,
      seal.books,
      seal.entries,
      seal.root,
      seal.previous,
      seal.keyId,
      seal.hash,
      seal.signature,
    ],
  );
}

/** Goes through the books that moved since the day began, some at a time, and keeps the last entry before its cut. */
async function keepHeads(tx: Tx, day: string): Promise<void> {
  for (let after: string | null = ''; after !== null;) {
    const rows: { last: string | null }[] = await tx.query(keepHeadsSql, [day, cutOf(day), after]);
    after = rows[0]?.last ?? null;
  }
}

const keepHeadsSql = `
  WITH moved AS (
    SELECT book_id FROM book_head WHERE book_id > $3 AND recorded_at >= $2::timestamptz - interval '1 day'
     ORDER BY book_id LIMIT ${rowsAtOnce}
  ), kept AS (
    INSERT INTO sealed_head (book_id, day, version, hash)
    SELECT m.book_id, $1::date, e.version, e.hash
      FROM moved m CROSS JOIN LATERAL entry_as_of(m.book_id, $2::timestamptz - interval '1 microsecond') e
     WHERE e.recorded_at >= $2::timestamptz - interval '1 day'
  )
  SELECT max(book_id) AS last FROM moved`;

/** Days run from the last seal, or from the first entry, to yesterday in Shanghai. */
const dueSql = `
  SELECT day::date::text AS day FROM generate_series(
    coalesce((SELECT max(day) + 1 FROM sealed_day),
             (SELECT ((min(e.recorded_at) AT TIME ZONE 'UTC') + interval '8 hours')::date
                FROM book_head b JOIN entry e ON e.book_id = b.book_id AND e.version = 1))::timestamp,
    (((clock_timestamp() AT TIME ZONE 'UTC') + interval '8 hours')::date - 1)::timestamp, interval '1 day') day`;
