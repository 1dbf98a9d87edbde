import type { HoldEnd, Lot } from '@app/bookkeeping';
import { Units18 } from '@app/money';
import { lotColumns, lotOf, type LotRow } from './books.store.ts';
import { eventKey, type KnownEvent } from './decide-batch.ts';
import type { PostRequest } from './journal.ts';
import type { Rows } from './rows.ts';

/** What the events of these requests were recorded as before, by `eventKey`. Those not in it are new. */
export async function knownEvents(
  database: Rows,
  requests: readonly PostRequest[],
): Promise<ReadonlyMap<string, KnownEvent>> {
  if (requests.length === 0) return new Map();
  const rows = await database.query<KnownRow>(
    `SELECT e.book_id, e.event_id, e.version::text, e.kind, encode(e.fingerprint, 'hex') AS fingerprint,
            trim_scale(e.paid_after)::text AS paid, trim_scale(e.granted_after)::text AS granted,
            trim_scale(e.held_after)::text AS held
       FROM unnest($1::text[], $2::text[]) AS i (book_id, event_id)
       JOIN entry e ON e.book_id = i.book_id AND e.event_id = i.event_id`,
    [requests.map(({ bookId }) => bookId), requests.map(({ command }) => command.eventId)],
  );
  return new Map(
    rows.map((row) => [
      eventKey(row.book_id, row.event_id),
      {
        version: Number(row.version),
        kind: row.kind,
        fingerprint: row.fingerprint,
        paid: Units18.fromText(row.paid),
        granted: Units18.fromText(row.granted),
        held: Units18.fromText(row.held),
      },
    ]),
  );
}

interface KnownRow {
  readonly book_id: string;
  readonly event_id: string;
  readonly version: string;
  readonly kind: string;
  readonly fingerprint: string;
  readonly paid: string;
  readonly granted: string;
  readonly held: string;
}

/** A hold of a book. */
export interface HoldName {
  readonly bookId: string;
  readonly holdId: string;
}

/** How these holds ended, by `eventKey`; those not in it are open, or were never seen. */
export async function holdEnds(
  database: Rows,
  holds: readonly HoldName[],
): Promise<ReadonlyMap<string, HoldEnd>> {
  if (holds.length === 0) return new Map();
  const rows = await database.query<{ book_id: string; hold_id: string; outcome: HoldEnd }>(
    `SELECT h.book_id, h.hold_id, h.outcome FROM unnest($1::text[], $2::text[]) AS i (book_id, hold_id)
       JOIN hold_end h ON h.book_id = i.book_id AND h.hold_id = i.hold_id`,
    [holds.map(({ bookId }) => bookId), holds.map(({ holdId }) => holdId)],
  );
  return new Map(rows.map((row) => [eventKey(row.book_id, row.hold_id), row.outcome]));
}

/** A lot of a book. */
export interface LotName {
  readonly bookId: string;
  readonly topUpId: string;
}

/** These lots as they lie in the database, used up ones too, by `eventKey`; those not in it were never opened. */
export async function lotsAsStored(
  database: Rows,
  lots: readonly LotName[],
): Promise<ReadonlyMap<string, Lot>> {
  if (lots.length === 0) return new Map();
  const rows = await database.query<LotRow>(
    `SELECT ${lotColumns} FROM unnest($1::text[], $2::text[]) AS i (book_id, top_up_id)
       JOIN lot USING (book_id, top_up_id)`,
    [lots.map(({ bookId }) => bookId), lots.map(({ topUpId }) => topUpId)],
  );
  return new Map(rows.map((row) => [eventKey(row.book_id, row.top_up_id), lotOf(row)]));
}

/** The versions of heads now, by book. */
export async function headVersions(
  database: Rows,
  bookIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (bookIds.length === 0) return new Map();
  const rows = await database.query<{ book_id: string; version: string }>(
    'SELECT book_id, version::text FROM book_head WHERE book_id = ANY($1::text[])',
    [bookIds],
  );
  return new Map(rows.map((row) => [row.book_id, Number(row.version)]));
}
