import { Code, Id, ModelName } from '@app/contracts';
import { z } from 'zod';

const seconds = /^\d{1,11}$/;
const Rfc3339 = z.iso.datetime({ offset: true });
const Day = z.iso.date();

const isInstant = (text: string): boolean =>
  seconds.test(text) || Day.safeParse(text).success || Rfc3339.safeParse(text).success;

/** An instant as OpenAI writes it, in seconds since 1970, or as RFC 3339 text; or a day of the customer's own calendar. */
const Instant = z
  .string()
  .max(40)
  .refine(isInstant, 'must be seconds since 1970, an instant such as "2026-11-22T08:00:00Z", or a day')
  .describe('Seconds since 1970, RFC 3339, or a day such as 2026-11-22: its midnight where you are.');

const groups = ['model', 'api_key', 'endpoint', 'price_version', 'source'] as const;
const groupNames: Readonly<Record<string, (typeof groups)[number]>> = {
  ...Object.fromEntries(groups.map((name) => [name, name])),
  api_key_id: 'api_key',
};

/** A list in any of the ways in which clients write one: repeated, with brackets, or with commas. */
export const ListParameter = z.union([z.string(), z.array(z.string())]).optional();
type ListParameter = z.infer<typeof ListParameter>;

/** The members of such a list. */
export const listOf = (...lists: readonly ListParameter[]): string[] => [
  ...new Set(
    lists
      .flat()
      .flatMap((list) => list?.split(',') ?? [])
      .filter((name) => name !== ''),
  ),
];

const range = { start_time: Instant.optional(), end_time: Instant.optional() };
const page = z.string().max(1_000).optional().describe('next_page of the page before.');

/** The widths of a bucket. */
export const bucketWidths = ['1m', '1h', '1d', 'week', 'month'] as const;

const GroupBy = ListParameter.describe(`Any of ${groups.join(', ')}; repeated, or with commas.`);

/** What `GET /v1/usage` takes; everything may be left out. */
export const UsageQuery = z.object({
  ...range,
  bucket_width: z.enum(bucketWidths).default('1d'),
  limit: z.coerce.number().int().min(1).max(1_440).optional(),
  page,
  group_by: GroupBy,
  'group_by[]': GroupBy,
  models: ListParameter,
  'models[]': ListParameter,
  api_key_ids: ListParameter,
  'api_key_ids[]': ListParameter,
  timezone: z.string().max(64).optional().describe('IANA time zone of the buckets; your own by default.'),
});
export type UsageQuery = z.infer<typeof UsageQuery>;

/** Which calls: everything may be left out. */
export const CallsFilter = z.object({
  ...range,
  model: ModelName.optional(),
  api_key_id: Id.optional(),
  endpoint: Code.optional(),
  source: z.string().max(128).optional(),
  outcome: z.enum(['charged', 'uncharged', 'quarantined']).optional(),
});
export type CallsFilter = z.infer<typeof CallsFilter>;

/** What `GET /v1/usage/calls` takes. */
export const CallsQuery = CallsFilter.extend({
  limit: z.coerce.number().int().min(1).max(500).optional(),
  page,
});
export type CallsQuery = z.infer<typeof CallsQuery>;

/** The range of a query as metering takes it; what is left out stays to metering. */
export const rangeOf = ({
  start_time: from,
  end_time: to,
}: Pick<UsageQuery, 'start_time' | 'end_time'>): { readonly from: string; readonly to: string } => ({
  from: from === undefined ? '' : instantOf(from),
  to: to === undefined ? '' : instantOf(to),
});

/** The groupings that were asked for. One that is none is handed on, to be refused by its name. */
export const groupingOf = (query: UsageQuery): string[] =>
  listOf(query.group_by, query['group_by[]']).map((name) => groupNames[name] ?? name);

/** Which calls, as metering takes it. */
export const filterOf = ({ model, api_key_id: keyId, endpoint, source, outcome, ...times }: CallsFilter) => ({
  ...rangeOf(times),
  model: model ?? '',
  keyId: keyId ?? '',
  endpoint: endpoint ?? '',
  source: source ?? '',
  outcome: outcome ?? '',
});

function instantOf(text: string): string {
  if (Day.safeParse(text).success) return text;
  return new Date(seconds.test(text) ? Number(text) * 1_000 : text).toISOString();
}
