import type { ElementType } from './array-bytes.ts';

/** One input of the statement: a column is an array parameter, a row is written by `write`. */
interface Part {
  readonly columns: Readonly<Record<string, ElementType>>;
  /** Reads from `input`, which has the columns above; $1 is the stamp of the batch. */
  readonly write: string;
}

const headColumns = {
  book_id: 'text',
  expected: 'bigint',
  version: 'bigint',
  hash: 'bytea',
  paid: 'numeric',
  granted: 'numeric',
  held: 'numeric',
  state: 'text',
  currency: 'text',
} as const;

/** What a batch can consist of. Arrays come in the order of these parts and of their columns. */
export const parts = {
  heads: {
    columns: headColumns,
    write: `UPDATE book_head h
               SET version = i.version, hash = i.hash, paid = i.paid, granted = i.granted, held = i.held,
                   state = i.state, recorded_at = $1::timestamptz
              FROM input i WHERE h.book_id = i.book_id AND h.version = i.expected RETURNING 1`,
  },
  newHeads: {
    columns: headColumns,
    write: `INSERT INTO book_head (book_id, currency, version, hash, paid, granted, held, recorded_at, state)
            SELECT book_id, currency, version, hash, paid, granted, held, $1::timestamptz, state FROM input`,
  },
  entries: {
    columns: {
      book_id: 'text',
      version: 'bigint',
      kind: 'text',
      event_id: 'text',
      fingerprint: 'bytea',
      currency: 'text',
      posting_count: 'smallint',
      debit_1: 'integer',
      credit_1: 'integer',
      amount_1: 'numeric',
      debit_2: 'integer',
      credit_2: 'integer',
      amount_2: 'numeric',
      paid: 'numeric',
      granted: 'numeric',
      held: 'numeric',
      occurred_at: 'timestamptz',
      recorded_at: 'timestamptz',
      accounting_date: 'date',
      canonical: 'bytea',
      previous_hash: 'bytea',
      hash: 'bytea',
      position: 'integer',
    },
    write: `INSERT INTO entry (book_id, version, kind, event_id, fingerprint, currency, posting_count,
                               debit_1, credit_1, amount_1, debit_2, credit_2, amount_2, paid_after, granted_after, held_after,
                               occurred_at, recorded_at, accounting_date, canonical_version, canonical,
                               previous_hash, hash, position)
            SELECT book_id, version, kind, event_id, fingerprint, currency, posting_count,
                   debit_1, credit_1, amount_1, debit_2, credit_2, amount_2, paid, granted, held,
                   occurred_at, recorded_at, accounting_date, 1, canonical, previous_hash, hash, position FROM input`,
  },
  furtherPostings: {
    columns: {
      book_id: 'text',
      version: 'bigint',
      line: 'smallint',
      debit: 'integer',
      credit: 'integer',
      amount: 'numeric',
    },
    write: `INSERT INTO entry_posting (book_id, version, line, debit, credit, amount)
            SELECT book_id, version, line, debit, credit, amount FROM input`,
  },
  holds: {
    columns: {
      book_id: 'text',
      hold_id: 'text',
      amount: 'numeric',
      expires_at: 'timestamptz',
      call_id: 'text',
      key_id: 'text',
      lease_id: 'text',
      budgets: 'text',
    },
    write: `INSERT INTO hold (book_id, hold_id, amount, expires_at, call_id, key_id, lease_id, budgets)
            SELECT book_id, hold_id, amount, expires_at, call_id, key_id, lease_id, budgets FROM input`,
  },
  raisedHolds: {
    columns: { book_id: 'text', hold_id: 'text', amount: 'numeric', expires_at: 'timestamptz' },
    write: `UPDATE hold h SET amount = i.amount, expires_at = i.expires_at
              FROM input i WHERE h.book_id = i.book_id AND h.hold_id = i.hold_id`,
  },
  endedHolds: {
    columns: { book_id: 'text', hold_id: 'text' },
    write: `DELETE FROM hold h USING input i WHERE h.book_id = i.book_id AND h.hold_id = i.hold_id`,
  },
  holdEnds: {
    columns: { book_id: 'text', hold_id: 'text', outcome: 'text' },
    write: `INSERT INTO hold_end (book_id, hold_id, outcome) SELECT book_id, hold_id, outcome FROM input`,
  },
  lots: {
    columns: {
      book_id: 'text',
      top_up_id: 'text',
      channel: 'text',
      opened_by: 'bigint',
      amount: 'numeric',
      used: 'numeric',
      refunded: 'numeric',
      reserved: 'numeric',
      remaining: 'numeric',
      sent: 'numeric',
    },
    write: `INSERT INTO lot (book_id, top_up_id, channel, opened_by, amount, used, refunded, reserved, remaining, sent)
            SELECT book_id, top_up_id, channel, opened_by, amount, used, refunded, reserved, remaining, sent FROM input
            ON CONFLICT (book_id, top_up_id) DO UPDATE
               SET used = excluded.used, refunded = excluded.refunded, reserved = excluded.reserved,
                   remaining = excluded.remaining, sent = excluded.sent`,
  },
  refunds: {
    columns: {
      book_id: 'text',
      refund_id: 'text',
      total: 'numeric',
      paid: 'numeric',
      given_back: 'numeric',
      items: 'text',
    },
    write: `INSERT INTO refund (book_id, refund_id, total, paid, given_back, items)
            SELECT book_id, refund_id, total, paid, given_back, items FROM input
            ON CONFLICT (book_id, refund_id) DO UPDATE
               SET paid = excluded.paid, given_back = excluded.given_back, items = excluded.items`,
  },
  waiting: {
    columns: {
      book_id: 'text',
      charge_id: 'text',
      key_id: 'text',
      amount: 'numeric',
      event_id: 'text',
      waits_until: 'timestamptz',
      queued_by: 'bigint',
    },
    write: `INSERT INTO waiting_charge (book_id, charge_id, key_id, amount, event_id, waits_until, queued_by)
            SELECT book_id, charge_id, key_id, amount, event_id, waits_until, queued_by FROM input`,
  },
  waitingEnds: {
    columns: { book_id: 'text', charge_id: 'text' },
    write: `DELETE FROM waiting_charge w USING input i WHERE w.book_id = i.book_id AND w.charge_id = i.charge_id`,
  },
  totals: {
    columns: {
      account: 'integer',
      currency: 'text',
      accounting_date: 'date',
      debit: 'numeric',
      credit: 'numeric',
    },
    write: `INSERT INTO account_total (account, currency, accounting_date, debit, credit)
            SELECT account, currency, accounting_date, debit, credit FROM input`,
  },
  days: {
    columns: { day: 'date', last_change_known: 'bigint' },
    write: `SELECT refuse_closed_days(array_agg(day), min(last_change_known)) AS open FROM input`,
  },
} as const satisfies Readonly<Record<string, Part>>;

/** The name of a part. */
export type PartName = keyof typeof parts;

/** The parts in their order. */
export const partNames = Object.keys(parts) as readonly PartName[];

/** A statement that can be prepared once and run often. */
export interface BatchStatement {
  readonly name: string;
  readonly text: string;
}

const statements = new Map<string, BatchStatement>();

/**
 * The one statement that writes a batch of these parts: all of it or nothing.
 * It fails with HL003 where an accounting day is closed; with HL002 where a head is not at the version on which the batch was
 * decided, or the stamp is not of now or lies in a day that was cut; and with 23505 where an event id is known. It answers with the time of the database.
 */
export function batchStatement(present: readonly PartName[]): BatchStatement {
  const name = `batch_${present.map((part) => partNames.indexOf(part).toString(36)).join('')}`;
  const known = statements.get(name);
  if (known) return known;
  const statement = { name, text: textOf(present) };
  statements.set(name, statement);
  return statement;
}

function textOf(present: readonly PartName[]): string {
  const allMoved = present.includes('heads')
    ? `(SELECT count(*) FROM heads) = cardinality($2::text[])`
    : 'true';
  const allOpen = present.includes('days') ? '(SELECT open FROM days)' : 'true';
  return `${writesOf(present)}
    SELECT CASE WHEN ${allMoved} AND ${allOpen} AND abs(extract(epoch FROM clock_timestamp() - $1::timestamptz)) < 5
                 AND $1::timestamptz >= last_cut()
                THEN clock_timestamp() ELSE refuse_stale_batch() END AS now`;
}

/**
 * Writes these parts as they are given: for what is made anew from entries that were recorded long ago.
 * $1 is when the last of them was recorded.
 */
export const restoringStatement = (present: readonly PartName[]): string =>
  `${writesOf(present)} SELECT $1::timestamptz`;

/** Each part reads its arrays side by side: in a list of columns, and not in FROM, where each would be kept apart first. */
function writesOf(present: readonly PartName[]): string {
  let parameter = 1;
  const written = present.map((name) => {
    const { columns, write }: Part = parts[name];
    const arrays = Object.entries(columns).map(
      ([column, type]) => `unnest($${String((parameter += 1))}::${type}[]) AS ${column}`,
    );
    return `${name} AS (WITH input AS (SELECT ${arrays.join(', ')}) ${write})`;
  });
  return `WITH ${written.join(',\n')}`;
}
