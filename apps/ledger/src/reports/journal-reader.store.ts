import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { selectEntries, type EntryRow } from '../journal/entry-row.store.ts';

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
}
