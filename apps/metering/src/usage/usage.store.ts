import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { columnList, countsOfLine, usageColumns } from '../calls/usage-columns.ts';
import type { BucketWidth, Grouping, UsageQuery } from './usage-query.ts';

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
  '1m': { unit: 'minute', step: '1 minute' },
  '1h': { unit: 'hour', step: '1 hour' },
  '1d': { unit: 'day', step: '1 day' },
  week: { unit: 'week', step: '1 week' },
  month: { unit: 'month', step: '1 month' },
};

/** An instant, or the midnight in the zone $3 with which a day begins. */
const instantIn = (place: string): string =>
  `CASE WHEN length(${place}::text) = 10 THEN ${place}::text::timestamp AT TIME ZONE $3 ELSE ${place}::text::timestamptz END`;

const groupColumns: Readonly<Record<Grouping, string>> = {
  model: 'model',
  api_key: 'key_id',
  endpoint: 'endpoint',
  price_version: 'price_version_id',
  source: 'source',
};

const groupNames = 'model, key_id, endpoint, price_version_id, source, currency';
const summed = `${groupNames}, requests, ${columnList}, charge`;
const ofLine = `model, coalesce(key_id, ''), endpoint, coalesce(price_version_id, ''), source, coalesce(currency, ''), 1,
  ${countsOfLine}, coalesce(charge, 0)`;

/** Which of OpenAI's usage pages an endpoint belongs to; what makes neither vectors nor pictures completes something. */
const productOfEndpoint = `CASE WHEN endpoint LIKE 'embeddings%' THEN 'embeddings' WHEN endpoint LIKE 'images%' THEN 'images'
  ELSE 'completions' END`;

/** Whose usage is summed, of which calls, and by what. */
export type SumQuestion = Pick<UsageQuery, 'customerId' | 'groupBy' | 'models' | 'keyIds' | 'product'>;

/** Sums of ended calls, from the roll-ups as far as they go. */
@Injectable()
export class UsageStore {
  constructor(private readonly database: Database) {}

  /**
   * The range as instants. A day of the calendar means its midnight in the zone; where parts are left out, it is up to now,
   * and from the start of the day six days before.
   */
  async rangeOf(
    from: string | undefined,
    to: string | undefined,
    timeZone: string,
  ): Promise<{ from: string; to: string }> {
    const [range] = await this.database.query<{ from: string; to: string }>(
      `SELECT coalesce(${instantIn('$1')}, date_trunc('day', until - interval '6 days', $3)) AS "from", until AS "to"
         FROM coalesce(${instantIn('$2')}, clock_timestamp()) AS until`,
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

  /**
   * The sums of each group in each bucket, in the order of the buckets; empty buckets have none. Hours that lie in one
   * bucket are read whole, hours that a boundary cuts by quarters, quarters that one cuts by the calls themselves.
   */
  async sums({ starts, end }: Buckets, question: SumQuestion): Promise<readonly UsageSum[]> {
    if (starts.length === 0) return [];
    const { customerId, groupBy, models, keyIds, product } = question;
    const named = groupBy.map((name) => `${groupColumns[name]} AS group_${name}`);
    const places = Array.from({ length: groupBy.length + 2 }, (_, index) => (index + 1).toString()).join(
      ', ',
    );
    const rows = await this.database.query<Record<string, string>>(
      `WITH bound AS (SELECT unnest($2::timestamptz[]) AS at UNION ALL SELECT $3),
       cut_hour AS (SELECT DISTINCT date_bin('1 hour', at, '2000-01-01Z') AS hour FROM bound
                     WHERE at <> date_bin('1 hour', at, '2000-01-01Z')),
       cut_quarter AS (SELECT DISTINCT date_bin('15 minutes', at, '2000-01-01Z') AS quarter FROM bound
                        WHERE at <> date_bin('15 minutes', at, '2000-01-01Z')),
       part AS (
         SELECT hour AS at, ${summed} FROM usage_hour
          WHERE customer_id = $1 AND hour >= $4 AND hour < $3 AND hour NOT IN (SELECT hour FROM cut_hour)
         UNION ALL
         SELECT quarter, ${summed} FROM cut_hour CROSS JOIN LATERAL (
           SELECT * FROM usage_quarter
            WHERE customer_id = $1 AND quarter >= greatest(cut_hour.hour, $4)
              AND quarter < least(cut_hour.hour + interval '1 hour', $3) OFFSET 0) AS whole
          WHERE quarter NOT IN (SELECT quarter FROM cut_quarter)
         UNION ALL
         SELECT occurred_at, ${ofLine} FROM cut_quarter CROSS JOIN LATERAL (
           SELECT * FROM call
            WHERE customer_id = $1 AND outcome IS NOT NULL AND occurred_at >= greatest(cut_quarter.quarter, $4)
              AND occurred_at < least(cut_quarter.quarter + interval '15 minutes', $3) OFFSET 0) AS line)
       SELECT ${[`width_bucket(at, $2::timestamptz[]) - 1 AS bucket`, ...named, 'currency'].join(', ')},
              sum(requests)::text AS requests,
              ${usageColumns.map(({ column }) => `sum(${column})::text AS ${column}`).join(', ')},
              trim_scale(sum(charge))::text AS charge
         FROM part
        WHERE ($5::text[] IS NULL OR model = ANY($5)) AND ($6::text[] IS NULL OR key_id = ANY($6))
          AND ($7::text IS NULL OR $7 = ${productOfEndpoint})
        GROUP BY ${places} HAVING sum(requests) <> 0 ORDER BY ${places}`,
      [customerId, starts, end, starts[0], models ?? null, keyIds ?? null, product ?? null],
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
