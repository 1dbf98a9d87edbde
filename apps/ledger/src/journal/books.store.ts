import {
  Book,
  Instant,
  type BookSnapshot,
  type Hold,
  type Lot,
  type OpenRefund,
  type WaitingCharge,
} from '@app/bookkeeping';
import { Units18 } from '@app/money';
import { refundItemsFrom, stateFrom, type HeadState } from './book-text.ts';
import type { Rows } from './rows.ts';

/** A book in memory, with what the database knows of its head. */
export interface KeptBook {
  readonly book: Book;
  /** The version of the head in the database; 0 where there is none. */
  version: number;
  hash: Buffer;
  /** When the last entry was recorded. */
  recordedAt: Instant;
}

/** The hash before the first entry of a book. */
export const hashBeforeFirst: Buffer = Buffer.alloc(32);

/** A book that has no entry yet. */
export function unopened(bookId: string): KeptBook {
  return { book: Book.open(bookId), version: 0, hash: hashBeforeFirst, recordedAt: Instant.of(0) };
}

/** How heads are read: locked until the end of the transaction, in the order of their ids, or not. */
export type Locking = 'locked' | 'unlocked';

/**
 * Reads books with all that is open in them; those without a head are not in the answer.
 * The head is read first: where a book moves meanwhile, the version of its head says so when something is written.
 */
export async function loadBooks(
  database: Rows,
  bookIds: readonly string[],
  locking: Locking,
): Promise<Map<string, KeptBook>> {
  const heads = await database.query<HeadRow>(
    `${headSql} ORDER BY book_id ${locking === 'locked' ? 'FOR UPDATE' : ''}`,
    [bookIds],
  );
  const found = heads.map(({ book_id: bookId }) => bookId);
  if (found.length === 0) return new Map();
  const holds = grouped(await database.query<HoldRow>(holdSql, [found]), holdOf);
  const lots = grouped(await database.query<LotRow>(lotSql, [found]), lotOf);
  const refunds = grouped(await database.query<RefundRow>(refundSql, [found]), refundOf);
  const waiting = grouped(await database.query<WaitingRow>(waitingSql, [found]), waitingOf);
  return new Map(
    heads.map((head) => {
      const bookId = head.book_id;
      const snapshot = {
        ...headOf(head),
        holds: holds.get(bookId) ?? [],
        lots: lots.get(bookId) ?? [],
        refunds: refunds.get(bookId) ?? [],
        waiting: waiting.get(bookId) ?? [],
        sums: [],
      };
      return [bookId, keptBook(head, snapshot)];
    }),
  );
}

const keptBook = (head: HeadRow, snapshot: BookSnapshot): KeptBook => ({
  book: Book.restore(snapshot),
  version: snapshot.version,
  hash: head.hash,
  recordedAt: Instant.fromText(head.recorded_at),
});

interface HeadRow {
  readonly book_id: string;
  readonly currency: string;
  readonly version: string;
  readonly hash: Buffer;
  readonly paid: string;
  readonly granted: string;
  readonly held: string;
  readonly recorded_at: string;
  readonly state: string;
}

const headSql = `SELECT book_id, currency, version::text, hash, trim_scale(paid)::text AS paid, trim_scale(granted)::text AS granted,
                        trim_scale(held)::text AS held, recorded_at, state
                   FROM book_head WHERE book_id = ANY($1::text[])`;

function headOf(
  row: HeadRow,
): HeadState & Omit<BookSnapshot, 'holds' | 'lots' | 'refunds' | 'waiting' | 'sums' | 'plan' | 'budgets'> {
  return {
    bookId: row.book_id,
    currency: row.currency,
    version: Number(row.version),
    paid: Units18.fromText(row.paid),
    granted: Units18.fromText(row.granted),
    held: Units18.fromText(row.held),
    ...stateFrom(row.state),
  };
}

interface HoldRow {
  readonly book_id: string;
  readonly hold_id: string;
  readonly amount: string;
  readonly expires_at: string;
  readonly call_id: string | null;
  readonly key_id: string | null;
  readonly lease_id: string | null;
  readonly budgets: string;
}

const holdSql = `SELECT book_id, hold_id, trim_scale(amount)::text AS amount, expires_at, call_id, key_id, lease_id, budgets
                   FROM hold WHERE book_id = ANY($1::text[]) ORDER BY book_id, hold_id COLLATE "C"`;

const holdOf = (row: HoldRow): Hold => ({
  holdId: row.hold_id,
  amount: Units18.fromText(row.amount),
  expiresAt: Instant.fromText(row.expires_at),
  callId: row.call_id,
  keyId: row.key_id,
  leaseId: row.lease_id,
  budgets: JSON.parse(row.budgets) as Hold['budgets'],
});

/** A lot as a row. */
export interface LotRow {
  readonly book_id: string;
  readonly top_up_id: string;
  readonly channel: string;
  readonly opened_by: string;
  readonly amount: string;
  readonly used: string;
  readonly refunded: string;
  readonly reserved: string;
  readonly remaining: string;
  readonly sent: string;
}

/** What is read of a lot. */
export const lotColumns = `book_id, top_up_id, channel, opened_by::text, trim_scale(amount)::text AS amount,
                           trim_scale(used)::text AS used, trim_scale(refunded)::text AS refunded,
                           trim_scale(reserved)::text AS reserved, trim_scale(remaining)::text AS remaining,
                           trim_scale(sent)::text AS sent`;

// Sorted by the column and not by its text, which has the same name here: 10 comes after 9.
const lotSql = `SELECT ${lotColumns} FROM lot WHERE book_id = ANY($1::text[]) AND (remaining > 0 OR reserved > 0)
                 ORDER BY lot.book_id, lot.opened_by`;

/** The lot of a row. */
export const lotOf = (row: LotRow): Lot => ({
  topUpId: row.top_up_id,
  channel: row.channel,
  openedBy: Number(row.opened_by),
  amount: Units18.fromText(row.amount),
  used: Units18.fromText(row.used),
  refunded: Units18.fromText(row.refunded),
  reserved: Units18.fromText(row.reserved),
  remaining: Units18.fromText(row.remaining),
  sent: Units18.fromText(row.sent),
});

interface RefundRow {
  readonly book_id: string;
  readonly refund_id: string;
  readonly total: string;
  readonly paid: string;
  readonly given_back: string;
  readonly items: string;
}

const refundSql = `SELECT book_id, refund_id, trim_scale(total)::text AS total, trim_scale(paid)::text AS paid,
                          trim_scale(given_back)::text AS given_back, items
                     FROM refund WHERE book_id = ANY($1::text[]) AND items <> '[]' ORDER BY book_id, refund_id COLLATE "C"`;

const refundOf = (row: RefundRow): OpenRefund => ({
  refundId: row.refund_id,
  total: Units18.fromText(row.total),
  paid: Units18.fromText(row.paid),
  givenBack: Units18.fromText(row.given_back),
  items: refundItemsFrom(row.items),
});

interface WaitingRow {
  readonly book_id: string;
  readonly charge_id: string;
  readonly key_id: string | null;
  readonly amount: string;
  readonly event_id: string;
  readonly waits_until: string;
}

const waitingSql = `SELECT book_id, charge_id, key_id, trim_scale(amount)::text AS amount, event_id, waits_until
                      FROM waiting_charge WHERE book_id = ANY($1::text[]) ORDER BY book_id, queued_by`;

const waitingOf = (row: WaitingRow): WaitingCharge => ({
  chargeId: row.charge_id,
  keyId: row.key_id,
  amount: Units18.fromText(row.amount),
  eventId: row.event_id,
  waitsUntil: Instant.fromText(row.waits_until),
});

function grouped<Row extends { readonly book_id: string }, Value>(
  rows: readonly Row[],
  valueOf: (row: Row) => Value,
): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const row of rows) {
    const group = groups.get(row.book_id);
    if (group) group.push(valueOf(row));
    else groups.set(row.book_id, [valueOf(row)]);
  }
  return groups;
}
