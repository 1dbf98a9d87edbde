import { Id, ModelName } from '@app/contracts';
import { z } from 'zod';

const day = 86_400;
const seconds = /^\d{1,11}$/;
const isInstant = (text: string): boolean => seconds.test(text) || !Number.isNaN(Date.parse(text));

/** An instant as OpenAI writes it, in seconds since 1970, or as RFC 3339 text. */
const Instant = z
  .string()
  .max(40)
  .refine(isInstant, 'must be seconds since 1970, or an instant such as "2026-11-22T08:00:00Z"')
  .describe('Seconds since 1970, or RFC 3339.');

const groups = ['model', 'api_key', 'endpoint', 'price_version', 'source'] as const;
const GroupBy = z
  .union([z.string(), z.array(z.string())])
  .describe(`Any of ${groups.join(', ')}; repeated, or with commas.`);

const range = {
  start_time: Instant.optional(),
  end_time: Instant.optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
  page: z.string().max(1_000).optional().describe('next_page of the page before.'),
};

/** What `GET /v1/usage` takes; everything may be left out. */
export const UsageQuery = z.object({
  ...range,
  bucket_width: z.enum(['1h', '1d', 'week', 'month']).default('1d'),
  group_by: GroupBy.optional(),
  'group_by[]': GroupBy.optional(),
  timezone: z.string().max(64).optional().describe('IANA time zone of the buckets; your own by default.'),
});
export type UsageQuery = z.infer<typeof UsageQuery>;

/** What `GET /v1/usage/calls` takes; everything may be left out. */
export const CallsQuery = z.object({
  ...range,
  model: ModelName.optional(),
  api_key_id: Id.optional(),
});
export type CallsQuery = z.infer<typeof CallsQuery>;

/** The instants of a query as RFC 3339 text; the last seven days where nothing is said. */
export function rangeOf(
  query: Pick<UsageQuery, 'start_time' | 'end_time'>,
  now: string,
): { readonly from: string; readonly to: string } {
  const to = query.end_time === undefined ? '' : instantOf(query.end_time);
  const end = to === '' ? now : to;
  const from =
    query.start_time === undefined ? textOf(Date.parse(end) / 1_000 - 7 * day) : instantOf(query.start_time);
  return { from, to };
}

/** The groupings that were asked for, in any of the three ways in which clients write a list. */
export function groupingOf(query: Pick<UsageQuery, 'group_by' | 'group_by[]'>): string[] {
  return [query.group_by ?? [], query['group_by[]'] ?? []]
    .flat()
    .flatMap((list) => list.split(','))
    .filter((name) => name !== '')
    .map((name) => (name === 'api_key_id' ? 'api_key' : name));
}

const instantOf = (text: string): string =>
  textOf(seconds.test(text) ? Number(text) : Date.parse(text) / 1_000);
const textOf = (since1970: number): string => new Date(since1970 * 1_000).toISOString();
