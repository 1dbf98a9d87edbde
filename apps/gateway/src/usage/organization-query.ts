import { z } from 'zod';
import { ListParameter, listOf } from './usage-query.ts';

const Seconds = z.coerce.number().int().min(0).max(99_999_999_999).describe('Seconds since 1970.');

/** Buckets on a page as OpenAI has them: where nothing is said, and at most. */
const limits = { '1m': [60, 1_440], '1h': [24, 168], '1d': [7, 31] } as const;
const costDays = [7, 180] as const;

const common = {
  start_time: Seconds,
  end_time: Seconds.optional(),
  limit: z.coerce.number().int().min(1).optional(),
  page: z.string().max(1_000).optional(),
  group_by: ListParameter,
  'group_by[]': ListParameter,
  api_key_ids: ListParameter,
  'api_key_ids[]': ListParameter,
};

/** What `GET /v1/organization/usage/…` takes. There are no projects, users or batches to choose from. */
export const OrganizationUsageQuery = z.object({
  ...common,
  bucket_width: z.enum(['1m', '1h', '1d']).default('1d'),
  models: ListParameter,
  'models[]': ListParameter,
});
export type OrganizationUsageQuery = z.infer<typeof OrganizationUsageQuery>;

/** What `GET /v1/organization/costs` takes. */
export const CostsQuery = z.object({ ...common, bucket_width: z.literal('1d').default('1d') });
export type CostsQuery = z.infer<typeof CostsQuery>;

/** What OpenAI's clients may group by; what we have nothing of is null in every result, as ungrouped. */
const groupings: Readonly<Record<string, 'model' | 'api_key' | undefined>> = {
  model: 'model',
  line_item: 'model',
  api_key_id: 'api_key',
};

/** The question to metering. Days are those of UTC, as at OpenAI. */
export function usageQuestionOf(query: OrganizationUsageQuery | CostsQuery, days: 'usage' | 'costs') {
  const [byDefault, most] = days === 'costs' ? costDays : limits[query.bucket_width];
  return {
    from: instantOf(query.start_time),
    to: query.end_time === undefined ? '' : instantOf(query.end_time),
    bucketWidth: query.bucket_width,
    groupBy: listOf(query.group_by, query['group_by[]']).flatMap((name) => groupings[name] ?? []),
    cursor: query.page ?? '',
    pageSize: Math.min(query.limit ?? byDefault, most),
    timeZone: 'UTC',
    models: 'models' in query ? listOf(query.models, query['models[]']) : [],
    keyIds: listOf(query.api_key_ids, query['api_key_ids[]']),
  };
}

const instantOf = (since1970: number): string => new Date(since1970 * 1_000).toISOString();
