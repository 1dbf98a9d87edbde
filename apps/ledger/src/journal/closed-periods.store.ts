import type { Rows } from './rows.ts';

const knownForMs = 10_000;

/**
 * Which months are closed, as of a few seconds ago. A month that was closed since is found by the statement that writes, which
 * refuses its days; one that was opened since takes late entries a few seconds later.
 */
export class ClosedPeriods {
  private months: ReadonlySet<string> = new Set();
  private knownUntilMs = 0;

  /** Looks the closed months up, unless that was done just now. */
  async look(database: Rows): Promise<void> {
    if (Date.now() >= this.knownUntilMs) await this.lookAgain(database);
  }

  /** Looks the closed months up. */
  async lookAgain(database: Rows): Promise<void> {
    const rows = await database.query<{ month: string }>(
      `SELECT to_char(first_day, 'YYYY-MM') AS month FROM closed_period`,
    );
    this.months = new Set(rows.map(({ month }) => month));
    this.knownUntilMs = Date.now() + knownForMs;
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
