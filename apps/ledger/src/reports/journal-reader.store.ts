import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { selectEntries, type EntryRow } from '../journal/entry-row.store.ts';

/** A place in the order of commits. */
export interface JournalPlace {
  readonly xid: string;
  readonly position: string;
}

const rowsAtOnce = 2_000;

/** Reads the whole journal, or one book, in one snapshot: book by book, entry by entry, in memory that does not grow with it. */
@Injectable()
export class JournalReader {
  constructor(private readonly database: Database) {}

  /** Runs `work` on one snapshot of the database, which nothing that is written meanwhile changes. */
  inSnapshot<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.database.transaction(async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      return work(tx);
    });
  }

  /** The name by which other connections can take this snapshot, for as long as this transaction is open. */
  async exportSnapshot(tx: Tx): Promise<string> {
    const [row] = await tx.query<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
    return row?.snapshot ?? '';
  }

  /** The entries of a book, or of all books; a book's entries lie together and in order. */
  async *entries(tx: Tx, bookId = ''): AsyncGenerator<EntryRow> {
    const where = bookId === '' ? '' : 'WHERE e.book_id = $1';
    await tx.query(
      `DECLARE journal_reader NO SCROLL CURSOR FOR ${selectEntries(where, 'e.book_id, e.version')}`,
      bookId === '' ? [] : [bookId],
    );
    for (;;) {
      const rows = await tx.query<EntryRow>(`FETCH ${rowsAtOnce} FROM journal_reader`);
      yield* rows;
      if (rows.length < rowsAtOnce) break;
    }
    await tx.query('CLOSE journal_reader');
  }

  /** Where the journal ends now. */
  async lastPlace(tx: Tx): Promise<JournalPlace> {
    const [last] = await tx.query<JournalPlace & object>(
      'SELECT e.xid::text AS xid, e.position::text AS position FROM entry e ORDER BY e.xid DESC, e.position DESC LIMIT 1',
    );
    return last ?? { xid: '0', position: '0' };
  }

  /** The books that have entries after a place, in the order of commits, and the place to go on from. */
  async movedAfter(
    tx: Tx,
    place: JournalPlace,
    limit: number,
  ): Promise<{ readonly bookIds: readonly string[]; readonly place: JournalPlace }> {
    const rows = await tx.query<JournalPlace & { book_id: string }>(
      `SELECT e.book_id, e.xid::text AS xid, e.position::text AS position FROM entry e
        WHERE (e.xid, e.position) > ($1::xid8, $2::bigint) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY e.xid, e.position LIMIT $3`,
      [place.xid, place.position, limit],
    );
    const { xid, position } = rows.at(-1) ?? place;
    return { bookIds: [...new Set(rows.map((row) => row.book_id))], place: { xid, position } };
  }

  /** The books that have entries, after one of them, in their order. */
  async booksAfter(tx: Tx, bookId: string, limit: number): Promise<string[]> {
    const rows = await tx.query<{ book_id: string }>(
      `SELECT book_id FROM book_head WHERE book_id > $1 ORDER BY book_id LIMIT $2`,
      [bookId, limit],
    );
    return rows.map((row) => row.book_id);
  }

  /** The entries of a book after a version, in order. */
  entriesAfter(
    tx: Tx,
    { bookId, version, limit }: { readonly bookId: string; readonly version: number; readonly limit: number },
  ): Promise<EntryRow[]> {
    return tx.query<EntryRow>(
      selectEntries('WHERE e.book_id = $1 AND e.version > $2 ORDER BY e.version LIMIT $3', 'e.version'),
      [bookId, version, limit],
    );
  }
}
