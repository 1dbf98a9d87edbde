import type { Tx } from '@app/persistence';
import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** A month that takes no more entries. */
export interface ClosedPeriod {
  readonly month: string;
  readonly firstDay: string;
  readonly lastDay: string;
  /** The adjustment by which two people closed it. */
  readonly adjustmentId: string;
  readonly closedAt: string;
}

/** A change of a month that two people decided. */
export interface PeriodChange {
  readonly month: string;
  readonly closed: boolean;
  readonly adjustmentId: string;
}

/** Closed months. */
@Injectable()
export class PeriodStore {
  constructor(private readonly database: Database) {}

  /** The months that are closed now, the earliest first. */
  closed(): Promise<ClosedPeriod[]> {
    return this.database.query<ClosedPeriod>(
      `SELECT to_char(first_day, 'YYYY-MM') AS month, first_day::text AS "firstDay", last_day::text AS "lastDay",
              adjustment_id AS "adjustmentId", changed_at AS "closedAt" FROM closed_period ORDER BY first_day`,
    );
  }

  /**
   * Closes or opens a month, or says why not. Waits for entries that are being written, and lets none be written meanwhile, so that
   * every entry is either before the close or sees it.
   */
  async change(tx: Tx, { month, closed, adjustmentId }: PeriodChange): Promise<string | undefined> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('accounting periods', 0))`);
    const [now] = await tx.query<{ over: boolean; closed: boolean; done: boolean }>(
      `SELECT ($1::date + interval '1 month')::date <= (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date AS over,
              EXISTS (SELECT FROM closed_period WHERE first_day = $1::date) AS closed,
              EXISTS (SELECT FROM period_change WHERE adjustment_id = $2) AS done`,
      [`${month}-01`, adjustmentId],
    );
    if (now?.done === true) return undefined;
    if (closed && now?.over !== true) return 'period-not-over';
    if (closed === now?.closed) return closed ? 'period-closed' : 'period-open';
    await tx.query('INSERT INTO period_change (first_day, closed, adjustment_id) VALUES ($1, $2, $3)', [
      `${month}-01`,
      closed,
      adjustmentId,
    ]);
    return undefined;
  }
}
