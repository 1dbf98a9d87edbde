import { Instant } from '@app/bookkeeping';
import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { restoringStatement } from '../journal/batch-statement.ts';
import { BatchRows } from '../journal/batch-rows.ts';
import type { ExaminedBook } from './examined-book.ts';

/** What follows from the entries and can be thrown away and made again: heads, holds, lots, refunds, waiting charges, totals. */
@Injectable()
export class ProjectionStore {
  /** The books that have entries, after one of them, in their order. */
  async booksAfter(tx: Tx, bookId: string, limit: number): Promise<string[]> {
    const rows = await tx.query<{ book_id: string }>(
      `SELECT book_id FROM entry WHERE version = 1 AND book_id > $1 ORDER BY book_id LIMIT $2`,
      [bookId, limit],
    );
    return rows.map((row) => row.book_id);
  }

  /** Keeps writers away from a book until the end of the transaction. */
  async lock(tx: Tx, bookId: string): Promise<void> {
    await tx.query('SELECT 1 FROM book_head WHERE book_id = $1 FOR UPDATE', [bookId]);
  }

  /** Writes all that follows from the entries of a book in place of what is there. Whether a call finished is kept: no entry says so. */
  async replace(tx: Tx, examined: ExaminedBook, queuedBy: ReadonlyMap<string, number>): Promise<void> {
    const { book, bookId, lastHash, lastRecordedAt } = examined;
    const finished = await tx.query<{ hold_id: string; finished_at: string }>(
      'SELECT hold_id, finished_at FROM hold WHERE book_id = $1 AND finished_at IS NOT NULL',
      [bookId],
    );
    for (const table of ['hold', 'hold_end', 'lot', 'refund', 'waiting_charge', 'book_head'])
      await tx.query(`DELETE FROM ${table} WHERE book_id = $1`, [bookId]);
    const rows = new BatchRows(() => undefined);
    rows.addBook({ book, version: 0, hash: lastHash, recordedAt: lastRecordedAt }, queuedBy);
    await tx.query(restoringStatement(rows.present()), [Instant.toText(lastRecordedAt), ...rows.values()]);
    await tx.query(
      `UPDATE hold h SET finished_at = f.finished_at FROM unnest($2::text[], $3::timestamptz[]) AS f (hold_id, finished_at)
        WHERE h.book_id = $1 AND h.hold_id = f.hold_id`,
      [bookId, finished.map(({ hold_id: holdId }) => holdId), finished.map((row) => row.finished_at)],
    );
  }

  /** Makes the totals of platform accounts anew. Writers wait for as long as the sum takes. */
  async replaceTotals(tx: Tx): Promise<void> {
    await tx.query('SET LOCAL statement_timeout = 0');
    await tx.query('LOCK TABLE account_total IN EXCLUSIVE MODE');
    await tx.query('DELETE FROM account_total');
    await tx.query(totalsSql);
  }
}

const totalsSql = `
  INSERT INTO account_total (account, currency, accounting_date, debit, credit)
  SELECT moved.account, moved.currency, moved.accounting_date, trim_scale(sum(moved.debit)), trim_scale(sum(moved.credit))
    FROM (
      SELECT debit_1 AS account, currency, accounting_date, amount_1 AS debit, 0 AS credit FROM entry WHERE posting_count > 0
      UNION ALL SELECT credit_1, currency, accounting_date, 0, amount_1 FROM entry WHERE posting_count > 0
      UNION ALL SELECT debit_2, currency, accounting_date, amount_2, 0 FROM entry WHERE posting_count > 1
      UNION ALL SELECT credit_2, currency, accounting_date, 0, amount_2 FROM entry WHERE posting_count > 1
      UNION ALL SELECT x.debit, e.currency, e.accounting_date, x.amount, 0 FROM entry_posting x JOIN entry e USING (book_id, version)
      UNION ALL SELECT x.credit, e.currency, e.accounting_date, 0, x.amount FROM entry_posting x JOIN entry e USING (book_id, version)
    ) moved
    JOIN account ON account.code = moved.account
   WHERE account.name NOT LIKE 'wallet:%'
   GROUP BY moved.account, moved.currency, moved.accounting_date`;
