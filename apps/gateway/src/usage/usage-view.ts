import type { MeteringApi } from '@app/contracts';
import { z } from 'zod';
import { figuresOf, paging, secondsOf, tokenFigures } from './figures.ts';

const UsageResult = z.object({
  object: z.literal('usage.result'),
  num_model_requests: z.int(),
  ...tokenFigures,
  group: z
    .record(z.string(), z.string())
    .describe('What the figures are for, where a grouping was asked for.'),
});

/** A page of buckets, whatever is in them, in the form of OpenAI's usage pages. */
export const bucketPage = <Result extends z.ZodType>(result: Result) =>
  z.object({
    object: z.literal('page'),
    data: z.array(
      z.object({
        object: z.literal('bucket'),
        start_time: z.int().describe('Seconds since 1970, inclusive.'),
        end_time: z.int().describe('Seconds since 1970, exclusive.'),
        results: z.array(result),
      }),
    ),
    has_more: z.boolean(),
    next_page: z.string().nullable(),
  });

/** Sums by time. */
export const UsagePage = bucketPage(UsageResult);
export type UsagePage = z.infer<typeof UsagePage>;

/** Metering's buckets with each result as `view` shows it. */
export const bucketPageOf = <Result>(
  { buckets, nextCursor }: MeteringApi.UsagePage,
  view: (result: MeteringApi.UsageResult) => Result,
) => ({
  object: 'page' as const,
  data: buckets.map(({ start, end, results }) => ({
    object: 'bucket' as const,
    start_time: secondsOf(start),
    end_time: secondsOf(end),
    results: results.map(view),
  })),
  ...paging(nextCursor),
});

/** Sums as the customer sees them, in the wallet's currency. */
export const usagePageOf = (page: MeteringApi.UsagePage, currency: string): UsagePage =>
  bucketPageOf(page, (result) => ({
    object: 'usage.result',
    num_model_requests: Number(result.requests),
    ...figuresOf(result, currency),
    group: result.group,
  }));
