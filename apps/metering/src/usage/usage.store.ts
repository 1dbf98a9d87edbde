import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { columnList, countsOfLine, usageColumns } from '../calls/usage-columns.ts';
import type { BucketWidth, Grouping } from './usage-query.ts';

/** The buckets of a page: each begins where the one before ends. */
export interface Buckets {
  readonly starts: readonly string[];
  /** Where the last of them ends. */
  readonly end: string;
  /** Where the next page begins, where one follows. */
  readonly next: string | undefined;
}

/** The range asked for, and how it is cut. */
export interface BucketRange {
  readonly from: string;
  readonly to: string;
  readonly width: BucketWidth;
  readonly timeZone: string;
  readonly bucketsMax: number;
}

/** The sums of one group in one bucket. */
export interface UsageSum {
  /** Counts from 0. */
  readonly bucket: number;
  readonly group: Readonly<Partial<Record<Grouping, string>>>;
  readonly requests: string;
  readonly tokens: Readonly<Record<string, string>>;
  readonly units: Readonly<Record<string, string>>;
  readonly charge: string;
  /** Empty where nothing was charged. */
  readonly currency: string;
}

const cuts: Readonly<Record<BucketWidth, { readonly unit: string; readonly step: string }>> = {
  '1h': { unit: 'hour', step: '1 hour' },
  '1d': { unit: 'day', step: '1 day' },
  week: { unit: 'week', step: '1 week' },
  month: { unit: 'month', step: '1 month' },
};

const groupColumns: Readonly<Record<Grouping, string>> = {
  model: 'model',
  api_key: 'key_id',
  endpoint: 'endpoint',
  price_version: 'price_version_id',
  source: 'source',
};

/** Sums of ended calls: whole quarters of an hour from the roll-ups, what is cut off at both ends from the calls. */
@Injectable()
export class UsageStore {
  constructor(private readonly database: Database) {}

  /** The range where parts of it are left out: up to now, from the start of the day six days before. */
  async rangeOf(
    from: string | undefined,
    to: string | undefined,
    timeZone: string,
  ): Promise<{ from: string; to: string }> {
    const [range] = await this.database.query<{ from: string; to: string }>(
      `SELECT coalesce($1::timestamptz, date_trunc('day', until - interval '6 days', $3)) AS "from", until AS "to"
         FROM coalesce($2::timestamptz, clock_timestamp()) AS until`,
      [from ?? null, to ?? null, timeZone],
    );
    return range ?? { from: '', to: '' };
  }

  /** Cuts a range at the beginnings of hours, days, weeks or months of a zone; the first and last bucket may be shorter. */
  async bucketsOf({ from, to, width, timeZone, bucketsMax }: BucketRange): Promise<Buckets> {
    const { unit, step } = cuts[width];
    const rows = await this.database.query<{ start: string }>(
      `SELECT greatest(start, $1::timestamptz) AS start
         FROM generate_series(date_trunc($3, $1::timestamptz, $5),
                              least($2::timestamptz, $1::timestamptz + ($6 + 1) * $4::interval), $4::interval, $5) AS start
        WHERE start < $2 ORDER BY 1 LIMIT $6 + 1`,
      [from, to, unit, step, timeZone, bucketsMax],
    );
    const starts = rows.map(({ start }) => start);
    const next = starts[bucketsMax];
    return { starts: starts.slice(0, bucketsMax), end: next ?? to, next };
  }

  /** The sums of each group in each bucket, in the order of the buckets; empty buckets have none. */
  async sums(
    customerId: string,
    { starts, end }: Buckets,
    groupBy: readonly Grouping[],
  ): Promise<readonly UsageSum[]> {
    if (starts.length === 0) return [];
    const groups = groupBy.map((name) => `${groupColumns[name]} AS group_${name}`);
    const places = [
      '1',
      ...groupBy.map((_, index) => (index + 2).toString()),
      (groupBy.length + 2).toString(),
    ];
    const rows = await this.database.query<Record<string, string>>(
      `WITH edge AS (
         SELECT least(date_bin('15 minutes', $2::timestamptz + interval '15 minutes' - interval '1 microsecond',
                               '2000-01-01Z'), $3::timestamptz) AS first),
       edges AS (SELECT first, greatest(date_bin('15 minutes', $3::timestamptz, '2000-01-01Z'), first) AS last FROM edge),
       part AS (
         SELECT quarter AS at, model, key_id, endpoint, price_version_id, source, currency, requests, ${columnList}, charge
           FROM usage_quarter, edges
          WHERE customer_id = $1 AND quarter >= first AND quarter < last
         UNION ALL
         SELECT occurred_at, model, coalesce(key_id, ''), endpoint, coalesce(price_version_id, ''), source,
                coalesce(currency, ''), 1, ${countsOfLine}, coalesce(charge, 0)
           FROM call, edges
          WHERE customer_id = $1 AND outcome IS NOT NULL
            AND ((occurred_at >= $2 AND occurred_at < first) OR (occurred_at >= last AND occurred_at < $3)))
       SELECT ${[`width_bucket(at, $4::timestamptz[]) - 1 AS bucket`, ...groups, 'currency'].join(', ')},
              sum(requests)::text AS requests,
              ${usageColumns.map(({ column }) => `sum(${column})::text AS ${column}`).join(', ')},
              trim_scale(sum(charge))::text AS charge
         FROM part GROUP BY ${places.join(', ')} ORDER BY ${places.join(', ')}`,
      [customerId, starts[0], end, starts],
    );
    return rows.map((row) => sumOf(row, groupBy));
  }
}

function sumOf(row: Readonly<Record<string, string>>, groupBy: readonly Grouping[]): UsageSum {
  const counts = (wanted: 'tokens' | 'units') =>
    Object.fromEntries(
      usageColumns
        .filter(({ group, column }) => group === wanted && row[column] !== '0')
        .map(({ kind, column }) => [kind, row[column] ?? '0']),
    );
  return {
    bucket: Number(row['bucket']),
    group: Object.fromEntries(groupBy.map((name) => [name, row[`group_${name}`] ?? ''])),
    requests: row['requests'] ?? '0',
    tokens: counts('tokens'),
    units: counts('units'),
    charge: row['charge'] ?? '0',
    currency: row['currency'] ?? '',
  };
}
