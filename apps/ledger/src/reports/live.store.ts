import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
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

/** What the database has beside the journal, for comparison. */
@Injectable()
export class LiveStore {
  /** The head of a book, or all heads. */
  async heads(tx: Tx, bookId: string): Promise<Heads> {
    const rows = await tx.query<HeadRow>(
      `SELECT book_id, version::text, encode(hash, 'hex') AS hash FROM book_head WHERE $1 = '' OR book_id = $1`,
      [bookId],
    );
    return new Heads(rows);
  }

  /** What ended in these books and what became of their lots and refunds: one text for each row, by book. */
  async rows(tx: Tx, bookIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const rows = await tx.query<{ book_id: string; line: string }>(liveRowsSql, [bookIds]);
    const lines = new Map<string, string[]>();
    for (const { book_id: bookId, line } of rows) lines.set(bookId, [...(lines.get(bookId) ?? []), line]);
    return lines;
  }

  /** The totals of platform accounts: debit and credit by account, currency and accounting date. */
  async totals(tx: Tx): Promise<ReadonlyMap<string, string>> {
    const rows = await tx.query<{ key: string; line: string }>(
      `SELECT a.name || ' ' || t.currency || ' ' || t.accounting_date::text AS key,
              trim_scale(sum(t.debit))::text || ' ' || trim_scale(sum(t.credit))::text AS line
         FROM account_total t JOIN account a ON a.code = t.account GROUP BY a.name, t.currency, t.accounting_date`,
    );
    return new Map(rows.map(({ key, line }) => [key, line]));
  }
}

const text = (...columns: readonly string[]): string =>
  columns.map((column) => `trim_scale(${column})::text`).join(` || ' ' || `);

const liveRowsSql = `
  SELECT book_id, 'lot ' || top_up_id || ' ' || ${text('amount', 'used', 'refunded', 'reserved', 'remaining', 'sent')} AS line
    FROM lot WHERE book_id = ANY($1::text[])
  UNION ALL
  SELECT book_id, 'refund ' || refund_id || ' ' || ${text('total', 'paid', 'given_back')} || ' ' || items
    FROM refund WHERE book_id = ANY($1::text[])
  UNION ALL
  SELECT book_id, 'holds ' || outcome || ' ' || count(*) FROM hold_end WHERE book_id = ANY($1::text[]) GROUP BY book_id, outcome`;
