import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { ExportedEntry } from './proof.ts';

const rowsAtOnce = 1_000;

interface Row {
  readonly book: string;
  readonly version: string;
  readonly canonical: string;
  readonly hash: string;
}

/** An entry with what a proof needs beside it. */
export interface ProvableEntry extends ExportedEntry {
  readonly previousHash: string;
  readonly recordedAt: string;
}

const columns = `e.book_id AS book, e.version::text AS version, convert_from(e.canonical, 'SQL_ASCII') AS canonical,
                 encode(e.hash, 'hex') AS hash`;

/** Entries as they were hashed. Read by page: entries never change, so no transaction has to stay open while a reader takes its time. */
@Injectable()
export class ExportStore {
  constructor(private readonly database: Database) {}

  /** All entries, book by book. */
  async *entries(): AsyncGenerator<ExportedEntry> {
    for (let [book, version] = ['', 0]; ;) {
      const rows = await this.database.query<Row>(
        `SELECT ${columns} FROM entry e WHERE (e.book_id, e.version) > ($1, $2::bigint)
          ORDER BY e.book_id, e.version LIMIT ${rowsAtOnce}`,
        [book, version],
      );
      for (const row of rows) yield exported(row);
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAtOnce) return;
      [book, version] = [last.book, Number(last.version)];
    }
  }

  /** The entries of one book. */
  async *ofBook(book: string): AsyncGenerator<ExportedEntry> {
    for (let version = 0; ;) {
      const rows = await this.database.query<Row>(
        `SELECT ${columns} FROM entry e WHERE e.book_id = $1 AND e.version > $2::bigint ORDER BY e.version LIMIT ${rowsAtOnce}`,
        [book, version],
      );
      for (const row of rows) yield exported(row);
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAtOnce) return;
      version = Number(last.version);
    }
  }

  /** One entry. */
  async entry(book: string, version: number): Promise<ProvableEntry | undefined> {
    const [row] = await this.database.query<
      Row & { readonly previousHash: string; readonly recordedAt: string }
    >(
      `SELECT ${columns}, encode(e.previous_hash, 'hex') AS "previousHash",
              to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "recordedAt"
         FROM entry e WHERE e.book_id = $1 AND e.version = $2`,
      [book, version],
    );
    return row && { ...exported(row), previousHash: row.previousHash, recordedAt: row.recordedAt };
  }

  /** The SHA-256 of the text of each entry after one, up to another. */
  async digests(book: string, after: number, upTo: number): Promise<string[]> {
    const rows = await this.database.query<{ digest: string }>(
      `SELECT encode(sha256(canonical), 'hex') AS digest FROM entry
        WHERE book_id = $1 AND version > $2 AND version <= $3 ORDER BY version`,
      [book, after, upTo],
    );
    return rows.map(({ digest }) => digest);
  }
}

const exported = ({ book, version, canonical, hash }: Row): ExportedEntry => ({
  book,
  version: Number(version),
  canonical,
  hash,
});
