import { Id, InstantText, ModelName } from '@app/contracts';
import { z } from 'zod';

/** Lines or buckets on a page, where nothing is said and at most. */
const pageSize = z.coerce.number().int().min(1).max(500).default(50);

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

/** The widths that a bucket can have; weeks begin on Monday. */
export const bucketWidths = ['1h', '1d', 'week', 'month'] as const;
export type BucketWidth = (typeof bucketWidths)[number];

/** What usage can be broken down by. */
export const groupings = ['model', 'api_key', 'endpoint', 'price_version', 'source'] as const;
export type Grouping = (typeof groupings)[number];

/** Which calls to list: newest first, from inclusive, to exclusive. */
export const CallsQuery = z.object({
  customerId: Id,
  from: Instant.optional(),
  to: Instant.optional(),
  model: ModelName.optional(),
  keyId: Id.optional(),
  pageSize,
  cursor: z.string().max(400).optional(),
});
export type CallsQuery = z.infer<typeof CallsQuery>;

/** Which sums to give: by bucket in a time zone, over the calls from inclusive, to exclusive. */
export const UsageQuery = z.object({
  customerId: Id,
  from: Instant.optional().describe('Left out: the start of the day six days before `to`.'),
  to: Instant.optional().describe('Left out: now.'),
  bucketWidth: z.enum(bucketWidths).default('1d'),
  groupBy: z
    .union([
      z.array(z.enum(groupings)),
      z
        .string()
        .transform((list) => list.split(','))
        .pipe(z.array(z.enum(groupings))),
    ])
    .default([])
    .transform((names) => groupings.filter((name) => names.includes(name))),
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'must be an IANA time zone such as "Asia/Shanghai"')
    .optional()
    .describe('Left out: the customer’s own.'),
  pageSize,
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
