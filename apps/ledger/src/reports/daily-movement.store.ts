import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/**
 * Both sides of every posting of entries `e`, as `account` (its code), `currency`, `accounting_date`, `debit` and `credit`.
 * `books` gives `book_id`, and between which versions to look: after `before`, up to `last`. Goes by the key of the journal, so
 * that only those entries are read: OFFSET 0 keeps the planner from joining all of it.
 */
export const movementsOf = (books: string, condition = 'TRUE'): string => `
  SELECT p.account, e.currency, e.accounting_date, p.debit, p.credit
    FROM (${books}) b
    CROSS JOIN LATERAL (
      SELECT * FROM entry WHERE book_id = b.book_id AND version > b.before AND version <= b.last AND ${condition} OFFSET 0) e
    CROSS JOIN LATERAL (
      SELECT e.debit_1 AS account, e.amount_1 AS debit, 0::numeric AS credit WHERE e.posting_count > 0
      UNION ALL SELECT e.credit_1, 0, e.amount_1 WHERE e.posting_count > 0
      UNION ALL SELECT e.debit_2, e.amount_2, 0 WHERE e.posting_count > 1
      UNION ALL SELECT e.credit_2, 0, e.amount_2 WHERE e.posting_count > 1
      UNION ALL SELECT x.debit, x.amount, 0 FROM entry_posting x
        WHERE e.posting_count > 2 AND x.book_id = e.book_id AND x.version = e.version
      UNION ALL SELECT x.credit, 0, x.amount FROM entry_posting x
        WHERE e.posting_count > 2 AND x.book_id = e.book_id AND x.version = e.version) p`;

/** The version at which a book `b` stood in the last seal before a condition on its day; 0 where it was in none. */
export const sealedVersionOf = (days: string): string => `
  coalesce((SELECT s.version FROM sealed_head s WHERE s.book_id = b.book_id AND s.${days} ORDER BY s.day DESC LIMIT 1), 0)`;

interface MovementRow {
  readonly account: number;
  readonly currency: string;
  readonly accounting_date: string;
  readonly debit: string;
  readonly credit: string;
}

/** What was recorded on each sealed day, by account and accounting date. Follows from the entries, and is never changed. */
@Injectable()
export class DailyMovementStore {
  constructor(private readonly database: Database) {}

  /** The sealed days that are not summed yet, oldest first. */
  async dueDays(): Promise<string[]> {
    const rows = await this.database.query<{ day: string }>(
      `SELECT day::text FROM sealed_day s WHERE NOT EXISTS (SELECT FROM summed_day d WHERE d.day = s.day) ORDER BY day`,
    );
    return rows.map(({ day }) => day);
  }

  /**
   * Sums a sealed day. Beside another process that does the same, one of them is too late and does nothing. What is read is
   * read before anything is written: a transaction that writes keeps later ones from being published.
   */
  async sum(day: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query('SET LOCAL statement_timeout = 0');
      const rows = await tx.query<MovementRow>(sumSql, [day]);
      const [first] = await tx.query(
        'INSERT INTO summed_day (day) VALUES ($1) ON CONFLICT DO NOTHING RETURNING day',
        [day],
      );
      if (first === undefined) return;
      await tx.query(
        `INSERT INTO daily_movement (day, account, currency, accounting_date, debit, credit)
         SELECT $1::date, account, currency, accounting_date, debit, credit FROM json_to_recordset($2)
             AS given (account integer, currency text, accounting_date date, debit numeric, credit numeric)`,
        [day, JSON.stringify(rows)],
      );
    });
  }
}

const movedOn = `
  SELECT b.book_id, ${sealedVersionOf('day < b.day')} AS before, b.version AS last FROM sealed_head b WHERE b.day = $1::date`;

const sumSql = `
  SELECT account, currency, accounting_date::text, sum(debit)::text AS debit, sum(credit)::text AS credit
    FROM (${movementsOf(movedOn)}) moved GROUP BY account, currency, accounting_date`;
