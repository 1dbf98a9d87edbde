import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import {
  entryView,
  selectCommitted,
  selectEntries,
  type EntryRow,
  type EntryView,
} from '../journal/entry-row.store.ts';

/**
 * Some entries, and the place to go on from; no place where nothing follows yet. By a filter there may be fewer than were asked for,
 * or none, and a place to go on from.
 */
export interface EntryPage {
  readonly entries: readonly EntryView[];
  readonly nextCursor: string;
}

/** Pages of the journal: of one book in its order, or of all books in the order of publication. */
@Injectable()
export class EntryStore {
  constructor(private readonly database: Database) {}

  /** The entries of a book after a version. */
  async ofBook(bookId: string, after: number, { limit, filter, lookAtMax }: PageAsked): Promise<EntryPage> {
    if (!filter) {
      const rows = await this.database.query<EntryRow>(ofBookSql, [bookId, after, limit + 1]);
      return page(rows, limit, ({ version }) => version);
    }
    const upTo = after + lookAtMax;
    const rows = await this.database.query<EntryRow>(ofBookFilteredSql, [
      ...[bookId, after, limit + 1, ...valuesOf(filter), upTo],
    ]);
    const found = page(rows, limit, ({ version }) => version);
    if (found.nextCursor !== '') return found;
    const [more] = await this.database.query('SELECT 1 FROM entry WHERE book_id = $1 AND version = $2', [
      bookId,
      upTo + 1,
    ]);
    return more === undefined ? found : { ...found, nextCursor: upTo.toString() };
  }

  /**
   * The entries of all books after a place, in the order in which they were committed.
   * Only what lies below the oldest transaction still running: nothing can appear behind a cursor later.
   */
  async ofJournal(after: JournalPlace, { limit, filter, lookAtMax }: PageAsked): Promise<EntryPage> {
    const place = [after.xid, after.position];
    const cursorOf = ({ xid, id }: EntryRow) => `${xid}.${id}`;
    if (!filter) {
      const rows = await this.database.query<EntryRow>(selectCommitted, [...place, limit + 1]);
      return page(rows, limit, cursorOf);
    }
    const [last] = await this.database.query<JournalPlace & object>(placeAfterSql, [...place, lookAtMax - 1]);
    const rows = await this.database.query<EntryRow>(committedFilteredSql, [
      ...[...place, limit + 1, ...valuesOf(filter), last?.xid ?? null, last?.position ?? null],
    ]);
    const found = page(rows, limit, cursorOf);
    if (found.nextCursor !== '' || last === undefined) return found;
    return { ...found, nextCursor: `${last.xid}.${last.position}` };
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
  /** How many entries a filter looks at: what matches may be far away, and a page ends there, with the place to go on from. */
  readonly lookAtMax: number;
}

const valuesOf = (filter: EntryFilter): string[] => [
  ...[filter.kind, formOfName(filter.account), bookOfName(filter.account), filter.eventId],
  ...[filter.occurredFrom, filter.occurredTo, filter.recordedFrom, filter.recordedTo],
];

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
  `WHERE e.book_id = $1 AND e.version > $2 AND e.version <= $12 ${filtered} ORDER BY e.version LIMIT $3`,
  'e.version',
);
const committedFilteredSql = selectEntries(
  `WHERE (e.xid, e.position) > ($1::xid8, $2::bigint) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
     AND ($12::xid8 IS NULL OR (e.xid, e.position) <= ($12::xid8, $13::bigint)) ${filtered}
   ORDER BY e.xid, e.position LIMIT $3`,
  'e.xid, e.position',
);

/** The place of the entry that comes so many after the next one. */
const placeAfterSql = `
  SELECT e.xid::text AS xid, e.position::text AS position FROM entry e
   WHERE (e.xid, e.position) > ($1::xid8, $2::bigint) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY e.xid, e.position OFFSET $3 LIMIT 1`;

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
