/** An entry as readers see it: what the journal topic carries, without the hashed bytes. */
export interface EntryView {
  readonly bookId: string;
  readonly version: number;
  readonly kind: string;
  readonly eventId: string;
  readonly currency: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly accountingDate: string;
  readonly postings: readonly PostingView[];
  readonly balance: { readonly paid: string; readonly granted: string; readonly held: string };
  readonly previousHash: string;
  readonly hash: string;
}

/** A posting by account names; the amount is text. */
export interface PostingView {
  readonly debit: string;
  readonly credit: string;
  readonly amount: string;
}

/** A row of `selectEntries`. */
export interface EntryRow {
  readonly book_id: string;
  readonly version: string;
  readonly kind: string;
  readonly event_id: string;
  readonly currency: string;
  readonly occurred_at: string;
  readonly recorded_at: string;
  readonly accounting_date: string;
  readonly debit_1: string | null;
  readonly credit_1: string | null;
  readonly amount_1: string | null;
  readonly debit_2: string | null;
  readonly credit_2: string | null;
  readonly amount_2: string | null;
  readonly further: readonly PostingView[] | null;
  readonly paid: string;
  readonly granted: string;
  readonly held: string;
  readonly fingerprint: string;
  readonly canonical_version: number;
  readonly canonical: Buffer;
  readonly previous_hash: Buffer;
  readonly hash: Buffer;
  readonly xid: string;
  readonly id: string;
}

const instant = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/**
 * Reads entries with the names of their accounts. `which` is what stands after `FROM entry e`: conditions, order and limit; the
 * names are looked up for the rows that are left. `order` puts the answer in order.
 */
export const selectEntries = (which: string, order: string): string => `
  SELECT e.book_id, e.version::text AS version, e.kind, e.event_id, e.currency,
         ${instant('e.occurred_at')} AS occurred_at, ${instant('e.recorded_at')} AS recorded_at,
         e.accounting_date::text AS accounting_date,
         d1.name AS debit_1, c1.name AS credit_1, trim_scale(e.amount_1)::text AS amount_1,
         d2.name AS debit_2, c2.name AS credit_2, trim_scale(e.amount_2)::text AS amount_2,
         CASE WHEN e.posting_count > 2 THEN
           (SELECT json_agg(json_build_object('debit', d.name, 'credit', c.name, 'amount', trim_scale(x.amount)::text)
                            ORDER BY x.line)
              FROM entry_posting x JOIN account d ON d.code = x.debit JOIN account c ON c.code = x.credit
             WHERE x.book_id = e.book_id AND x.version = e.version) END AS further,
         trim_scale(e.paid_after)::text AS paid, trim_scale(e.granted_after)::text AS granted,
         trim_scale(e.held_after)::text AS held,
         encode(e.fingerprint, 'hex') AS fingerprint, e.canonical_version, e.canonical, e.previous_hash, e.hash,
         e.xid::text AS xid, e.position::text AS id
    FROM (SELECT * FROM entry e ${which}) e
    LEFT JOIN account d1 ON d1.code = e.debit_1 LEFT JOIN account c1 ON c1.code = e.credit_1
    LEFT JOIN account d2 ON d2.code = e.debit_2 LEFT JOIN account c2 ON c2.code = e.credit_2
   ORDER BY ${order}`;

/** What follows a place in the order of commits, below the oldest transaction still running. */
export const selectCommitted = selectEntries(
  `WHERE (e.xid, e.position) > ($1::xid8, $2::bigint) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY e.xid, e.position LIMIT $3`,
  'e.xid, e.position',
);

/** The entry of a row. */
export function entryView(row: EntryRow): EntryView {
  return {
    bookId: row.book_id,
    version: Number(row.version),
    kind: row.kind,
    eventId: row.event_id,
    currency: row.currency,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
    accountingDate: row.accounting_date,
    postings: postingsOf(row),
    balance: { paid: row.paid, granted: row.granted, held: row.held },
    previousHash: row.previous_hash.toString('hex'),
    hash: row.hash.toString('hex'),
  };
}

function postingsOf(row: EntryRow): PostingView[] {
  const postings: PostingView[] = [];
  const add = (debit: string | null, credit: string | null, amount: string | null) => {
    if (debit === null || credit === null || amount === null) return;
    postings.push({ debit: named(debit, row.book_id), credit: named(credit, row.book_id), amount });
  };
  add(row.debit_1, row.credit_1, row.amount_1);
  add(row.debit_2, row.credit_2, row.amount_2);
  for (const { debit, credit, amount } of row.further ?? []) add(debit, credit, amount);
  return postings;
}

/** In the table of accounts, * stands for the book. */
const named = (name: string, bookId: string): string => name.replace('*', () => bookId);
