import type { Tx } from '@app/persistence';
import { inputKinds, type Usage } from '@app/rating';
import { Injectable } from '@nestjs/common';
import { usageColumns } from '../calls/usage-columns.ts';
import type { MeasuredUsage, UsageSegment } from './price-impact.ts';
import type { ProposedVersion } from './price-publication.ts';

const days = 7;
/** Tiers, hours and requests can only be told from the calls themselves: of these, at most so many of the latest. */
const callsMax = 1_000_000;

/** Sums what a version would have priced: charged calls of its model, of the customers who are on its card now. */
@Injectable()
export class PriceImpactStore {
  /** The last seven days, by roll-ups where a price is the same for every call, else by at most a million calls. */
  async measure(tx: Tx, version: ProposedVersion): Promise<MeasuredUsage> {
    const isFlat =
      version.tiers.length === 0 && version.windows.length === 0 && version.unitPrices.request === undefined;
    const period = await this.period(tx, version, isFlat ? undefined : callsMax);
    const rows = isFlat
      ? await this.fromRollUps(tx, version, period)
      : await this.fromCalls(tx, version, period);
    const method = isFlat ? 'roll-ups' : 'calls';
    return { ...period, method, segments: rows.filter(({ calls }) => calls !== '0').map(segmentOf) };
  }

  /** Whole quarters of an hour, the last one the one that is running. */
  private async period(
    tx: Tx,
    { rateCardId, model }: ProposedVersion,
    limit: number | undefined,
  ): Promise<Period> {
    const [row] = await tx.query<Period>(
      `WITH bounds AS (
         SELECT date_bin('15 minutes', clock_timestamp(), '2000-01-01Z') + interval '15 minutes' AS upper),
       quarters AS (
         SELECT quarter, sum(sum(requests)) OVER (ORDER BY quarter DESC) AS calls
           FROM bounds, customer JOIN usage_quarter USING (customer_id)
          WHERE $4::bigint IS NOT NULL AND customer.rate_card = $1 AND usage_quarter.model = $2
            AND quarter >= upper - $3 * interval '1 day' AND quarter < upper
          GROUP BY quarter)
       SELECT coalesce((SELECT max(quarter) + interval '15 minutes' FROM quarters WHERE calls > $4),
                       upper - $3 * interval '1 day') AS "from", upper AS "to" FROM bounds`,
      [rateCardId, model, days, limit ?? null],
    );
    if (row === undefined) throw new TypeError('SELECT without a row');
    return row;
  }

  private fromRollUps(tx: Tx, version: ProposedVersion, { from, to }: Period): Promise<Row[]> {
    const sums = usageColumns.map(({ column }) => `coalesce(sum(${column}), 0) AS ${column}`).join(', ');
    return tx.query<Row>(
      `SELECT 0 AS tier, 0 AS "window", coalesce(sum(requests), 0)::text AS calls,
              trim_scale(coalesce(sum(charge), 0))::text AS charged, ${sums}
         FROM customer JOIN usage_quarter AS line USING (customer_id)
        WHERE customer.rate_card = $1 AND line.model = $2 AND line.currency = $3 AND quarter >= $4 AND quarter < $5`,
      [version.rateCardId, version.model, version.currency, from, to],
    );
  }

  private fromCalls(tx: Tx, version: ProposedVersion, { from, to }: Period): Promise<Row[]> {
    return tx.query<Row>(fromCalls, [
      ...[version.rateCardId, version.model, version.currency, from, to],
      version.tiers.map(({ overInputTokens }) => overInputTokens),
      version.windows.map(({ fromUtc }) => minuteOf(fromUtc)),
      version.windows.map(({ toUtc }) => minuteOf(toUtc)),
      version.unitPrices.request === undefined ? 0 : 1,
    ]);
  }
}

interface Period {
  readonly from: string;
  readonly to: string;
}

type Row = Readonly<Record<string, string>> & {
  readonly tier: number;
  readonly window: number;
  readonly calls: string;
  readonly charged: string;
};

const countOf = ({ group, kind }: { readonly group: string; readonly kind: string }): string =>
  `coalesce((${group}->>'${kind}')::bigint, ${kind === 'request' ? '$9' : '0'})`;

const input = inputKinds.map((kind) => countOf({ group: 'tokens', kind })).join(' + ');

const fromCalls = `
  SELECT tier, "window", count(*)::text AS calls, trim_scale(sum(charge))::text AS charged,
         ${usageColumns.map((column) => `sum(${countOf(column)}) AS ${column.column}`).join(', ')}
    FROM (SELECT call.*,
                 (SELECT count(*)::int FROM unnest($6::bigint[]) AS threshold WHERE ${input} > threshold) AS tier,
                 coalesce((SELECT min(place)::int
                             FROM unnest($7::int[], $8::int[]) WITH ORDINALITY AS hours (starts, ends, place)
                            WHERE CASE WHEN starts < ends THEN minute >= starts AND minute < ends
                                       ELSE minute >= starts OR minute < ends END), 0) AS "window"
            FROM customer
            JOIN call USING (customer_id)
           CROSS JOIN LATERAL (SELECT extract(hour FROM occurred_at AT TIME ZONE 'UTC') * 60
                                    + extract(minute FROM occurred_at AT TIME ZONE 'UTC') AS minute) AS of_day
           WHERE customer.rate_card = $1 AND call.model = $2 AND call.currency = $3 AND outcome = 'charged'
             AND occurred_at >= $4 AND occurred_at < $5) AS line
   GROUP BY tier, "window" ORDER BY tier, "window"`;

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

function segmentOf(row: Row): UsageSegment {
  const counts = (wanted: string): Record<string, number> =>
    Object.fromEntries(
      usageColumns
        .filter(({ group, column }) => group === wanted && row[column] !== '0')
        .map(({ kind, column }) => [kind, Number(row[column])]),
    );
  const usage: Usage = {
    tokens: counts('tokens'),
    units: counts('units'),
    source: 'recorded',
    estimated: false,
  };
  return { tier: row.tier, window: row.window, calls: row.calls, usage, charged: row.charged };
}
