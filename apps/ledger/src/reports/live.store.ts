import type { KnownHoldEnd } from '@app/bookkeeping';
import type { Rows } from '../journal/rows.ts';
import type { ExaminedBook } from './examined-book.ts';

interface HeadRow {
  readonly book_id: string;
  readonly version: string;
  readonly hash: string;
}

/** The heads as they lie in the database. */
export class Heads {
  private readonly heads: ReadonlyMap<string, HeadRow>;

  constructor(rows: readonly HeadRow[]) {
    this.heads = new Map(rows.map((row) => [row.book_id, row]));
  }

  /** What is wrong with the end of a book: entries that were cut off, or that its head does not know. */
  endOf({ bookId, book, lastHash }: ExaminedBook): string | undefined {
    const { version } = book.state;
    const head = this.heads.get(bookId);
    if (head === undefined) return `${bookId}/${version}: the book has no head`;
    if (Number(head.version) !== version)
      return `${bookId}/${head.version}: the head is here and the entries end at ${version}`;
    return head.hash === lastHash.toString('hex')
      ? undefined
      : `${bookId}/${version}: the head has another hash`;
  }

  /** Says that books are missing as a whole, where fewer were seen than there are heads. */
  missing(books: number): string | undefined {
    return books === this.heads.size
      ? undefined
      : `${this.heads.size - books} books have a head and no entries`;
  }
}

/** A hold that ended, by the journal. */
export interface EndedHold {
  readonly bookId: string;
  readonly holdId: string;
  readonly outcome: KnownHoldEnd;
}

/** What the database has beside the journal, for comparison. */
export class LiveStore {
  /** The head of a book, or all heads. */
  async heads(tx: Rows, bookId: string): Promise<Heads> {
    const rows = await tx.query<HeadRow>(
      `SELECT book_id, version::text, encode(hash, 'hex') AS hash FROM book_head WHERE $1 = '' OR book_id = $1`,
      [bookId],
    );
    return new Heads(rows);
  }

  /**
   * All that lies beside the journal of these books: one text for each book that has a head, with one line for each figure of the
   * head and each row, sorted. Leases and whether a call finished are not in it: no entry says so.
   */
  lines(tx: Rows, bookIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return linesOf(tx, linesSql(endsSql), bookIds);
  }

  /** The same without how holds ended: as many as a book is old. */
  openLines(tx: Rows, bookIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return linesOf(tx, linesSql(''), bookIds);
  }

  /** Which of these holds did not end as they are said to; by book, the first of each. */
  async otherwiseEnded(tx: Rows, ends: readonly EndedHold[]): Promise<ReadonlyMap<string, string>> {
    const rows = await tx.query<{ book_id: string; hold_id: string; outcome: string; live: string | null }>(
      otherwiseEndedSql,
      [
        ends.map(({ bookId }) => bookId),
        ends.map(({ holdId }) => holdId),
        ends.map(({ outcome }) => outcome),
      ],
    );
    return new Map(
      rows.map(({ book_id: bookId, hold_id: holdId, outcome, live }) => [
        bookId,
        `${bookId}: holds ${holdId} ${outcome} by the journal, and live ${live ?? 'not ended'}`,
      ]),
    );
  }

  /** How many books there are. */
  async headCount(tx: Rows): Promise<number> {
    const [row] = await tx.query<{ heads: string }>('SELECT count(*)::text AS heads FROM book_head');
    return Number(row?.heads ?? 0);
  }

  /** The totals of platform accounts: debit and credit by account, currency and accounting date. */
  async totals(tx: Rows): Promise<ReadonlyMap<string, string>> {
    const rows = await tx.query<{ key: string; line: string }>(
      `SELECT a.name || ' ' || t.currency || ' ' || t.accounting_date::text AS key,
              trim_scale(sum(t.debit))::text || ' ' || trim_scale(sum(t.credit))::text AS line
         FROM account_total t JOIN account a ON a.code = t.account GROUP BY a.name, t.currency, t.accounting_date`,
    );
    return new Map(rows.map(({ key, line }) => [key, line]));
  }
}

async function linesOf(
  tx: Rows,
  sql: string,
  bookIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.query<{ book_id: string; lines: string }>(sql, [bookIds]);
  return new Map(rows.map(({ book_id: bookId, lines }) => [bookId, lines]));
}

const amounts = (...columns: readonly string[]): string =>
  columns.map((column) => `trim_scale(${column})::text`).join(` || ' ' || `);
const instant = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const orNone = (...columns: readonly string[]): string =>
  columns.map((column) => `coalesce(${column}, '-')`).join(` || ' ' || `);
/** Planned without a look at the ids, which takes longer than to find them. */
const ofBooks = 'WHERE book_id = ANY(ARRAY(SELECT unnest($1::text[])))';

const endsSql = `
    UNION ALL
    SELECT book_id, 'holds ' || outcome || ' ' || count(*) FROM hold_end ${ofBooks} GROUP BY book_id, outcome`;

const otherwiseEndedSql = `
  SELECT DISTINCT ON (told.book_id) told.book_id, told.hold_id, told.outcome, live.outcome AS live
    FROM unnest($1::text[], $2::text[], $3::text[]) AS told (book_id, hold_id, outcome)
    LEFT JOIN LATERAL (
      SELECT outcome FROM hold_end e WHERE e.book_id = told.book_id AND e.hold_id = told.hold_id LIMIT 1) live ON true
   WHERE live.outcome IS DISTINCT FROM told.outcome ORDER BY told.book_id, told.hold_id`;

/** The lines that `rebuilt-book.ts` makes of a rebuilt book. */
const linesSql = (ends: string): string => `
  SELECT book_id, string_agg(line, E'\\n' ORDER BY line COLLATE "C") AS lines FROM (
    SELECT book_id, figure.line FROM book_head CROSS JOIN LATERAL (VALUES
             ('currency ' || currency), ('version ' || version), ('hash ' || encode(hash, 'hex')),
             ('recorded ' || ${instant('recorded_at')}), ('paid ' || ${amounts('paid')}),
             ('granted ' || ${amounts('granted')}), ('held ' || ${amounts('held')}), ('state ' || state)) figure (line) ${ofBooks}
    UNION ALL
    SELECT book_id, 'holds open ' || hold_id || ' ' || ${amounts('amount')} || ' ' || ${instant('expires_at')} || ' ' ||
           ${orNone('call_id', 'key_id', 'lease_id')} || ' ' || budgets FROM hold ${ofBooks}
    ${ends}
    UNION ALL
    SELECT book_id, 'lot ' || top_up_id || ' ' || channel || ' ' || opened_by || ' ' ||
           ${amounts('amount', 'used', 'refunded', 'reserved', 'remaining', 'sent')} FROM lot ${ofBooks}
    UNION ALL
    SELECT book_id, 'refund ' || refund_id || ' ' || ${amounts('total', 'paid', 'given_back')} || ' ' || items FROM refund ${ofBooks}
    UNION ALL
    SELECT book_id, 'waiting ' || charge_id || ' ' || ${orNone('key_id')} || ' ' || ${amounts('amount')} || ' ' || event_id || ' ' ||
           ${instant('waits_until')} FROM waiting_charge ${ofBooks}
  ) line GROUP BY book_id`;
