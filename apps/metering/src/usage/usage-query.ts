import { Endpoint, Id, InstantText, ModelName } from '@app/contracts';
import { z } from 'zod';

/** Lines on a page, where nothing is said and at most. */
const pageSize = z.coerce.number().int().min(1).max(500).default(50);

/** Buckets on a page: at most the minutes of a day. */
const bucketsOfPage = z.coerce.number().int().min(1).max(1_440).default(50);

/** Several values, as a list or with commas between them. */
const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .union([z.array(z.string()), z.string().transform((list) => list.split(','))])
    .pipe(z.array(item as z.ZodType<z.output<Item>, string>).max(100));

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
};

/** An instant that is a day of the calendar. */
export const Instant = InstantText.refine((text) => isDay(text), {
  message: 'must be a day of the calendar',
});

function isDay(instant: string): boolean {
  const ms = Date.parse(instant);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === instant.slice(0, 10);
}

/** A day of the calendar: its midnight in the zone of the buckets. */
const Day = z.iso.date();

/** The widths that a bucket can have; weeks begin on Monday. */
export const bucketWidths = ['1m', '1h', '1d', 'week', 'month'] as const;
export type BucketWidth = (typeof bucketWidths)[number];

/** What usage can be broken down by. */
export const groupings = ['model', 'api_key', 'endpoint', 'price_version', 'source'] as const;
export type Grouping = (typeof groupings)[number];

/** OpenAI's usage pages that we have. */
export const products = ['completions', 'embeddings', 'images'] as const;

/** How a call can have ended. */
export const outcomes = ['charged', 'uncharged', 'quarantined'] as const;

/** Which calls to list: newest first, from inclusive, to exclusive. */
export const CallsQuery = z.object({
  customerId: Id,
  from: Instant.optional(),
  to: Instant.optional(),
  model: ModelName.optional(),
  keyId: Id.optional(),
  endpoint: Endpoint.optional(),
  source: z.string().max(128).optional(),
  outcome: z.enum(outcomes).optional(),
  pageSize,
  cursor: z.string().max(400).optional(),
});
export type CallsQuery = z.infer<typeof CallsQuery>;

/** Which call. */
export const CallQuestion = z.object({ customerId: Id, callId: Id });
export type CallQuestion = z.infer<typeof CallQuestion>;

/** Which sums to give: by bucket in a time zone, over the calls from inclusive, to exclusive. */
export const UsageQuery = z.object({
  customerId: Id,
  from: z.union([Instant, Day]).optional().describe('Left out: the start of the day six days before `to`.'),
  to: z.union([Instant, Day]).optional().describe('Left out: now.'),
  bucketWidth: z.enum(bucketWidths).default('1d'),
  models: listOf(ModelName).optional(),
  keyIds: listOf(Id).optional(),
  product: z.enum(products).optional().describe('Only what belongs to one of OpenAI’s usage pages.'),
  groupBy: listOf(z.enum(groupings))
    .default([])
    .transform((names) => groupings.filter((name) => names.includes(name))),
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'must be an IANA time zone such as "Asia/Shanghai"')
    .optional()
    .describe('Left out: the customer’s own.'),
  pageSize: bucketsOfPage,
  cursor: Instant.optional(),
});
export type UsageQuery = z.infer<typeof UsageQuery>;

/** A message's fields without the empty ones: proto3 cannot tell absent from empty. */
export const present = (message: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(message).filter(
      ([, value]) => value !== '' && value !== 0 && !(Array.isArray(value) && value.length === 0),
    ),
  );
