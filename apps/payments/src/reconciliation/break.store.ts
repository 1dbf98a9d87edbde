import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import {
  type BreakClass,
  breakClasses,
  breakIdOf,
  type BreakResolution,
  type Finding,
  type OwnResolution,
} from './break.ts';

/** A break as it is kept. Amounts are text in `currency`; null where a side has none. */
export interface Break {
  readonly breakId: string;
  readonly channel: string;
  readonly day: string;
  readonly class: BreakClass;
  readonly number: string;
  readonly reference: string;
  readonly theirs: string | null;
  readonly ours: string | null;
  readonly currency: string;
  readonly occurredAt: string;
  readonly proposed: BreakResolution;
  readonly openedAt: string;
  readonly resolution: BreakResolution | OwnResolution | null;
  readonly resolvedAt: string | null;
  readonly proposalId: string | null;
}

const view = `break_id AS "breakId", channel, day::text AS day, class, number, reference, trim_scale(theirs) AS theirs,
  trim_scale(ours) AS ours, currency, occurred_at AS "occurredAt", proposed, opened_at AS "openedAt", resolution,
  resolved_at AS "resolvedAt", proposal_id AS "proposalId"`;

/** Where the providers' bills and our books differ. A break is never taken back, only resolved. */
@Injectable()
export class Breaks {
  constructor(private readonly database: Database) {}

  /** Opens what is not known yet; finding a break again changes nothing. */
  async open(
    { channel, day, currency }: { readonly channel: string; readonly day: string; readonly currency: string },
    findings: readonly Finding[],
    openedAt: Date,
  ): Promise<void> {
    const rows = findings.map((finding) => ({
      ...finding,
      breakId: breakIdOf(channel, finding),
      proposed: breakClasses[finding.class].proposed,
    }));
    await this.database.query(
      `INSERT INTO reconciliation_break (break_id, channel, day, class, key, number, reference, theirs, ours, currency,
                                         occurred_at, proposed, opened_at)
       SELECT "breakId", $2, $3, class, key, number, reference, theirs, ours, $4, "occurredAt", proposed, $5
         FROM json_to_recordset($1) AS row ("breakId" text, class text, key text, number text, reference text,
              theirs numeric, ours numeric, "occurredAt" timestamptz, proposed text)
       ON CONFLICT (channel, class, key) DO NOTHING`,
      [JSON.stringify(rows), channel, day, currency, openedAt],
    );
  }

  /** Numbers of the orders whose payments the bill has and we do not, as far as nobody has resolved them. */
  async missingHere(channel: string, day: string): Promise<readonly string[]> {
    const rows = await this.database.query<{ number: string }>(
      `SELECT number FROM reconciliation_break JOIN top_up ON top_up_id = number
        WHERE reconciliation_break.channel = $1 AND day = $2 AND class = 'missing-here' AND resolved_at IS NULL`,
      [channel, day],
    );
    return rows.map(({ number }) => number);
  }

  /** Resolves open breaks that the facts have resolved: money that came to be known here, or that another bill has. */
  async settle(channel: string, now: Date): Promise<void> {
    for (const { kind, resolution, isSo } of settled) {
      await this.database.query(
        `UPDATE reconciliation_break AS found SET resolution = $3, resolved_at = $4
          WHERE channel = $1 AND class = $2 AND resolved_at IS NULL AND (${isSo})`,
        [channel, kind, resolution, now],
      );
    }
  }

  /** Resolves open breaks of a day that comparing it again no longer finds: the provider gave out another bill. */
  async vanish(
    { channel, day }: { readonly channel: string; readonly day: string },
    found: readonly Finding[],
    now: Date,
  ): Promise<void> {
    await this.database.query(
      `UPDATE reconciliation_break SET resolution = 'no-longer-so', resolved_at = $4
        WHERE channel = $1 AND day = $2 AND resolved_at IS NULL AND break_id <> ALL ($3)`,
      [channel, day, found.map((one) => breakIdOf(channel, one)), now],
    );
  }

  async lock(tx: Tx, breakId: string): Promise<Break | undefined> {
    const [row] = await tx.query<Break>(
      `SELECT ${view} FROM reconciliation_break WHERE break_id = $1 FOR UPDATE`,
      [breakId],
    );
    return row;
  }

  async resolve(
    tx: Tx,
    breakId: string,
    by: { readonly resolution: BreakResolution; readonly proposalId: string; readonly at: Date },
  ): Promise<void> {
    await tx.query(
      `UPDATE reconciliation_break SET resolution = $2, proposal_id = $3, resolved_at = $4 WHERE break_id = $1`,
      [breakId, by.resolution, by.proposalId, by.at],
    );
  }

  /** The breaks of a day, or all open ones where no day is named; oldest first. */
  list({ channel, day, limit }: { channel: string; day: string; limit: number }): Promise<Break[]> {
    return this.database.query<Break>(
      `SELECT ${view} FROM reconciliation_break
        WHERE ($1 = '' OR channel = $1) AND CASE WHEN $2 = '' THEN resolved_at IS NULL ELSE day::text = $2 END
        ORDER BY occurred_at, break_id LIMIT $3`,
      [channel, day, limit],
    );
  }

  /** How many are open of each class and channel, and since when the oldest is. */
  queue(now: Date): Promise<{ channel: string; class: string; count: number; oldestSeconds: number }[]> {
    return this.database.query(
      `SELECT channel, class, count(*)::int AS count,
              extract(epoch FROM $1::timestamptz - min(opened_at))::float8 AS "oldestSeconds"
         FROM reconciliation_break WHERE resolved_at IS NULL GROUP BY channel, class`,
      [now],
    );
  }
}

const settled: readonly { kind: BreakClass; resolution: OwnResolution; isSo: string }[] = [
  {
    kind: 'missing-here',
    resolution: 'credited-by-query',
    isSo: `EXISTS (SELECT 1 FROM top_up WHERE top_up.channel = $1 AND provider_reference = found.reference)
           OR EXISTS (SELECT 1 FROM suspense WHERE source_id = $1 || ':' || found.reference)`,
  },
  {
    kind: 'missing-there',
    resolution: 'found-in-another-bill',
    isSo: `EXISTS (SELECT 1 FROM trade_line WHERE trade_line.channel = $1 AND trade_line.reference = found.reference
                     AND trade_line.kind = 'payment')`,
  },
  {
    kind: 'refund-missing-there',
    resolution: 'found-in-another-bill',
    isSo: `EXISTS (SELECT 1 FROM trade_line WHERE trade_line.channel = $1 AND refund_number = found.key)`,
  },
  {
    kind: 'settlement-missing',
    resolution: 'no-longer-so',
    isSo: `(SELECT count(*) FROM bank_line WHERE status = 'settlement' AND reason = $1 AND amount = found.theirs)
               >= (SELECT count(*) FROM channel_movement WHERE channel_movement.channel = $1 AND kind = 'settled'
                      AND amount = found.theirs AND occurred_at <= found.occurred_at)`,
  },
];
