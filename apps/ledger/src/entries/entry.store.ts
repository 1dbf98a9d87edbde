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
  async ofBook(bookId: string, after: number, { limit, filter }: PageAsked): Promise<EntryPage> {
    const rows = await this.database.query<EntryRow>(filter ? ofBookFilteredSql : ofBookSql, [
      ...[bookId, after, limit + 1],
      ...valuesOf(filter),
    ]);
    return page(rows, limit, ({ version }) => version);
  }

  /**
   * The entries of all books after a place, in the order in which they were committed.
   * Only what lies below the oldest transaction still running: nothing can appear behind a cursor later.
   */
  async ofJournal(after: JournalPlace, { limit, filter }: PageAsked): Promise<EntryPage> {
    const rows = await this.database.query<EntryRow>(filter ? committedFilteredSql : selectCommitted, [
      ...[after.xid, after.position, limit + 1],
      ...valuesOf(filter),
    ]);
    return page(rows, limit, ({ xid, id }) => `${xid}.${id}`);
  }
}

/** Which entries; an empty text does not count. */
export interface EntryFilter {
  readonly kind: string;
  /** Entries that debit or credit it. */
  readonly account: string;
  readonly eventId: string;
  readonly occurredFrom: string;
  readonly occurredTo: string;
  readonly recordedFrom: string;
  readonly recordedTo: string;
}

/** A place in the order of commits. */
export interface JournalPlace {
  readonly xid: string;
  readonly position: string;
}

/** How many entries, and which. */
export interface PageAsked {
  readonly limit: number;
  readonly filter: EntryFilter | undefined;
}

const valuesOf = (filter: EntryFilter | undefined): string[] =>
  filter
    ? [
        ...[filter.kind, formOfName(filter.account), bookOfName(filter.account), filter.eventId],
        ...[filter.occurredFrom, filter.occurredTo, filter.recordedFrom, filter.recordedTo],
      ]
    : [];

/** The account of a wallet has its book in its name; the table of accounts has * there. */
const walletName = /^wallet:(.+):(paid|granted)$/;
const formOfName = (account: string): string => account.replace(walletName, 'wallet:*:$2');
const bookOfName = (account: string): string => walletName.exec(account)?.[1] ?? '';

/** $4 to $11: kind, account, the book of the account, event id, and the bounds of occurrence and recording. */
const filtered = `
  AND ($4 = '' OR e.kind = $4) AND ($6 = '' OR e.book_id = $6) AND ($7 = '' OR e.event_id = $7)
  AND ($8 = '' OR e.occurred_at >= $8::text::timestamptz) AND ($9 = '' OR e.occurred_at < $9::text::timestamptz)
  AND ($10 = '' OR e.recorded_at >= $10::text::timestamptz) AND ($11 = '' OR e.recorded_at < $11::text::timestamptz)
  AND ($5 = '' OR EXISTS (
        SELECT FROM account a WHERE a.name = $5 AND
          (a.code IN (e.debit_1, e.credit_1, e.debit_2, e.credit_2) OR EXISTS (
             SELECT FROM entry_posting x WHERE x.book_id = e.book_id AND x.version = e.version AND a.code IN (x.debit, x.credit)))))`;

const ofBookFilteredSql = selectEntries(
  `WHERE e.book_id = $1 AND e.version > $2 ${filtered} ORDER BY e.version LIMIT $3`,
  'e.version',
);
const committedFilteredSql = selectEntries(
  `WHERE (e.xid, e.position) > ($1::xid8, $2::bigint) AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) ${filtered}
   ORDER BY e.xid, e.position LIMIT $3`,
  'e.xid, e.position',
);

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
