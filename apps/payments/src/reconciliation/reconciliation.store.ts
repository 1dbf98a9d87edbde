import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { Figures } from './compare.store.ts';

/** A day of a channel that was compared. Amounts are exact decimal text in `currency`. */
export interface KeptReconciliation {
  readonly channel: string;
  readonly day: string;
  readonly currency: string;
  readonly figures: Figures;
  /** What the ledger's clearing account says at the end of the day; null until it was asked. */
  readonly clearing: string | null;
  readonly runAt: string;
  readonly runBy: string;
  readonly openBreaks: number;
}

const view = `SELECT channel, day::text AS day, currency, figures, trim_scale(clearing) AS clearing, run_at AS "runAt",
    run_by AS "runBy", (SELECT count(*)::int FROM reconciliation_break AS found
                         WHERE found.channel = kept.channel AND found.day = kept.day AND resolved_at IS NULL) AS "openBreaks"
  FROM reconciliation AS kept`;

/** The days that were compared. */
@Injectable()
export class Reconciliations {
  constructor(private readonly database: Database) {}

  /** Runs `work` while no other process compares this channel; undefined where one does. The lock's transaction writes nothing. */
  alone<Value>(channel: string, work: () => Promise<Value>): Promise<Value | undefined> {
    return this.database.transaction(async (tx) => {
      // This connection only holds the lock while others work: a large day takes longer than a transaction may idle.
      await tx.query(`SET LOCAL idle_in_transaction_session_timeout = '1h'`);
      const [row] = await tx.query<{ mine: boolean }>(
        `SELECT pg_try_advisory_xact_lock(hashtextextended('reconcile:' || $1, 0)) AS mine`,
        [channel],
      );
      return row?.mine === true ? work() : undefined;
    });
  }

  async save(day: {
    readonly channel: string;
    readonly day: string;
    readonly currency: string;
    readonly figures: Figures;
    readonly runAt: Date;
    readonly runBy: string;
  }): Promise<void> {
    const { channel, currency, figures, runAt, runBy } = day;
    await this.database.query(
      `INSERT INTO reconciliation (channel, day, currency, figures, opening, closing, run_at, run_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (channel, day) DO UPDATE SET figures = excluded.figures, opening = excluded.opening,
         closing = excluded.closing, clearing = NULL, run_at = excluded.run_at, run_by = excluded.run_by`,
      [
        ...[channel, day.day, currency, JSON.stringify(figures), figures.opening, figures.closing],
        ...[runAt, runBy],
      ],
    );
  }

  async one(channel: string, day: string): Promise<KeptReconciliation | undefined> {
    const [row] = await this.database.query<KeptReconciliation>(
      `${view} WHERE channel = $1 AND day::text = $2`,
      [channel, day],
    );
    return row;
  }

  /** The newest days, of one channel or of all. */
  list(channel: string, limit: number): Promise<KeptReconciliation[]> {
    return this.database.query<KeptReconciliation>(
      `${view} WHERE $1 = '' OR channel = $1 ORDER BY day DESC, channel LIMIT $2`,
      [channel, limit],
    );
  }

  /**
   * The first day up to today that was not compared, since the first that was or, where none was, since the channel's first
   * order; undefined where there is none. A day that somebody compared by hand hides none before it.
   */
  async nextDay(channel: string, today: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ day: string | null }>(
      `SELECT min(series.day)::date::text AS day
         FROM generate_series(
                COALESCE((SELECT min(day) FROM reconciliation WHERE channel = $1),
                         (SELECT min(created_at AT TIME ZONE 'Asia/Shanghai')::date FROM top_up
                           WHERE channel = $1 AND method <> 'transfer'))::timestamp,
                $2::date::timestamp, interval '1 day') AS series (day)
        WHERE NOT EXISTS (SELECT 1 FROM reconciliation WHERE channel = $1 AND day = series.day::date)`,
      [channel, today],
    );
    return row?.day ?? undefined;
  }

  /** Days since `from` at whose end the ledger's clearing account was not yet seen to be the provider's balance. */
  unequal(from: string): Promise<{ channel: string; day: string; currency: string; closing: string }[]> {
    return this.database.query(
      `SELECT channel, day::text AS day, currency, trim_scale(closing) AS closing FROM reconciliation
        WHERE day >= $1 AND clearing IS DISTINCT FROM closing ORDER BY day, channel`,
      [from],
    );
  }

  async saveClearing(channel: string, day: string, clearing: string): Promise<void> {
    await this.database.query('UPDATE reconciliation SET clearing = $3 WHERE channel = $1 AND day = $2', [
      channel,
      day,
      clearing,
    ]);
  }

  /** For each channel, by how much the newest day that the ledger was asked about differs. */
  clearingDifferences(): Promise<{ channel: string; difference: string }[]> {
    return this.database.query(
      `SELECT DISTINCT ON (channel) channel, trim_scale(clearing - closing) AS difference FROM reconciliation
        WHERE clearing IS NOT NULL ORDER BY channel, day DESC`,
    );
  }
}
