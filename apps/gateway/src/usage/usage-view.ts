import type { MeteringApi } from '@app/contracts';
import { inputKinds, outputKinds } from '@app/rating';
import { z } from 'zod';

const Counts = z.record(z.string(), z.int());
const Amount = z.object({
  value: z.string().describe('Exact, as text.'),
  currency: z.string(),
});
const tokenFigures = {
  input_tokens: z.int().describe('All that went in, cached ones too.'),
  output_tokens: z.int(),
  tokens: Counts.describe('By kind; kinds are disjoint.'),
  units: Counts.describe('Images, seconds and requests where they are priced.'),
  amount: Amount,
  credits: z.string().describe('The amount in credits of your plan, for display.'),
};

const UsageResult = z.object({
  object: z.literal('usage.result'),
  num_model_requests: z.int(),
  ...tokenFigures,
  group: z
    .record(z.string(), z.string())
    .describe('What the figures are for, where a grouping was asked for.'),
});
const UsageBucket = z.object({
  object: z.literal('bucket'),
  start_time: z.int().describe('Seconds since 1970, inclusive.'),
  end_time: z.int().describe('Seconds since 1970, exclusive.'),
  results: z.array(UsageResult),
});
/** Sums by time, in the form of OpenAI's usage pages. */
export const UsagePage = z.object({
  object: z.literal('page'),
  data: z.array(UsageBucket),
  has_more: z.boolean(),
  next_page: z.string().nullable(),
});
export type UsagePage = z.infer<typeof UsagePage>;

const CallLine = z.object({
  object: z.literal('call'),
  id: z.string(),
  time: z.string().describe('When it was admitted, UTC.'),
  model: z.string(),
  endpoint: z.string(),
  api_key_id: z.string().nullable(),
  status_code: z.int(),
  ...tokenFigures,
  outcome: z.string().describe('charged, uncharged or quarantined.'),
  reason: z.string().nullable(),
  price_version: z.string().nullable(),
  usage_source: z.string().nullable(),
  estimated: z.boolean(),
  lines: z
    .array(
      z.object({
        kind: z.string(),
        quantity: z.int(),
        unit_price: z.string(),
        per: z.string(),
        amount: z.string(),
      }),
    )
    .describe('quantity × unit_price ÷ per = amount; the amounts add up to the charge.'),
});
/** One line per call, newest first. */
export const CallPage = z.object({
  object: z.literal('list'),
  data: z.array(CallLine),
  has_more: z.boolean(),
  next_page: z.string().nullable(),
});
export type CallPage = z.infer<typeof CallPage>;

type Figured = Pick<MeteringApi.CallLine, 'tokens' | 'units' | 'charge' | 'credits'>;

export const usagePageOf = ({ buckets, nextCursor }: MeteringApi.UsagePage, currency: string): UsagePage => ({
  object: 'page',
  data: buckets.map(({ start, end, results }) => ({
    object: 'bucket' as const,
    start_time: secondsOf(start),
    end_time: secondsOf(end),
    results: results.map((result) => ({
      object: 'usage.result' as const,
      num_model_requests: Number(result.requests),
      ...figuresOf(result, currency),
      group: result.group,
    })),
  })),
  ...paging(nextCursor),
});

export const callPageOf = (
  { calls, nextCursor }: MeteringApi.ListCallsResponse,
  currency: string,
): CallPage => ({
  object: 'list',
  data: calls.map((call) => ({
    object: 'call' as const,
    id: call.callId,
    time: call.occurredAt,
    model: call.model,
    endpoint: call.endpoint,
    api_key_id: orNull(call.keyId),
    status_code: call.statusCode,
    ...figuresOf(call, currency),
    outcome: call.outcome,
    reason: orNull(call.reason),
    price_version: orNull(call.priceVersionId),
    usage_source: orNull(call.usageSource),
    estimated: call.estimated,
    lines: call.lines.map(({ kind, quantity, unitPrice, per, amount }) => ({
      kind,
      quantity: Number(quantity),
      unit_price: unitPrice,
      per,
      amount,
    })),
  })),
  ...paging(nextCursor),
});

/** A call that is not charged has no charge at metering; to its customer it cost nothing, in the wallet's currency. */
function figuresOf({ tokens, units, charge, credits }: Figured, currency: string) {
  const counts = numbers(tokens);
  return {
    input_tokens: sumOf(counts, inputKinds),
    output_tokens: sumOf(counts, outputKinds),
    tokens: counts,
    units: numbers(units),
    amount: { value: charge === '' ? '0' : charge, currency },
    credits: credits === '' ? '0' : credits,
  };
}

/** 64-bit integers cross gRPC as text; counts of one customer stay far below 2⁵³. */
const numbers = (counts: Readonly<Record<string, number | string>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, Number(count)]));

const sumOf = (counts: Readonly<Record<string, number>>, kinds: readonly string[]): number =>
  kinds.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0);

const paging = (nextCursor: string) => ({ has_more: nextCursor !== '', next_page: orNull(nextCursor) });
const orNull = (text: string): string | null => (text === '' ? null : text);
const secondsOf = (instant: string): number => Math.floor(Date.parse(instant) / 1_000);
