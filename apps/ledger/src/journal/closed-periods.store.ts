import type { Rows } from './rows.ts';

/**
 * Which months are closed, as of the last change that is known. The statement that writes a batch is told which that is, and refuses
 * a batch that was decided before a later one.
 */
export class ClosedPeriods {
  private months: ReadonlySet<string> = new Set();
  private known: number | undefined;

  /** The last change that is known, as the statement is told it. */
  get lastChange(): number {
    return this.known ?? 0;
  }

  /** Looks the closed months up, unless that was done before. */
  async look(database: Rows): Promise<void> {
    if (this.known === undefined) await this.lookAgain(database);
  }

  /** Looks the closed months up. */
  async lookAgain(database: Rows): Promise<void> {
    const [row] = await database.query<{ last: string; months: string }>(
      `SELECT (SELECT coalesce(max(id), 0)::text FROM period_change) AS last,
              (SELECT coalesce(string_agg(to_char(first_day, 'YYYY-MM'), ','), '') FROM closed_period) AS months`,
    );
    if (row === undefined) throw new TypeError('The database did not say which months are closed.');
    this.months = new Set(row.months.split(','));
    this.known = Number(row.last);
  }

  /** The day itself where its month is open, otherwise the first day of the next month that is. */
  firstOpenDay(day: string): string {
    let open = day;
    while (this.months.has(open.slice(0, 7))) open = firstDayAfter(open.slice(0, 7));
    return open;
  }
}

function firstDayAfter(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const next = number === 12 ? [year + 1, 1] : [year, number + 1];
  return `${String(next[0]).padStart(4, '0')}-${String(next[1]).padStart(2, '0')}-01`;
}
