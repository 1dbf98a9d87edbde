import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import {
  entryView,
  selectCommitted,
  selectEntries,
  type EntryRow,
  type EntryView,
} from '../journal/entry-row.store.ts';

/** Some entries, and the place to go on from; no place where nothing follows yet. */
export interface EntryPage {
  readonly entries: readonly EntryView[];
  readonly nextCursor: string;
}

/** Pages of the journal: of one book in its order, or of all books in the order of publication. */
@Injectable()
export class EntryStore {
  constructor(private readonly database: Database) {}

  /** The entries of a book after a version. */
  async ofBook(bookId: string, after: number, limit: number): Promise<EntryPage> {
    const rows = await this.database.query<EntryRow>(ofBookSql, [bookId, after, limit + 1]);
    return page(rows, limit, ({ version }) => version);
  }

  /**
   * The entries of all books after a place, in the order in which they were committed.
   * Only what lies below the oldest transaction still running: nothing can appear behind a cursor later.
   */
  async ofJournal(after: JournalPlace, limit: number): Promise<EntryPage> {
    const rows = await this.database.query<EntryRow>(selectCommitted, [after.xid, after.position, limit + 1]);
    return page(rows, limit, ({ xid, id }) => `${xid}.${id}`);
  }
}

/** A place in the order of commits. */
export interface JournalPlace {
  readonly xid: string;
  readonly position: string;
}

const ofBookSql = selectEntries(
  'WHERE e.book_id = $1 AND e.version > $2 ORDER BY e.version LIMIT $3',
  'e.version',
);

function page(rows: readonly EntryRow[], limit: number, cursorOf: (row: EntryRow) => string): EntryPage {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { entries: shown.map(entryView), nextCursor: more ? cursorOf(last) : '' };
}
