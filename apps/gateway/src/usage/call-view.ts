import type { MeteringApi } from '@app/contracts';
import { z } from 'zod';
import { figuresOf, orNull, paging, tokenFigures } from './figures.ts';

const Formula = z
  .array(
    z.object({
      kind: z.string(),
      quantity: z.int(),
      unit_price: z.string(),
      per: z.string(),
      amount: z.string(),
    }),
  )
  .describe('quantity × unit_price ÷ per = amount; the amounts add up to the charge.');

/** One call. */
export const CallLine = z.object({
  object: z.literal('call'),
  id: z.string(),
  time: z.string().describe('When it was admitted, UTC.'),
  model: z.string(),
  endpoint: z.string(),
  source: z.string().describe('gateway, or the internal service that reported it.'),
  api_key_id: z.string().nullable(),
  status_code: z.int(),
  ...tokenFigures,
  outcome: z.string().describe('charged, uncharged or quarantined.'),
  reason: z.string().nullable(),
  price_version: z.string().nullable(),
  usage_source: z.string().nullable(),
  estimated: z.boolean(),
  lines: Formula,
});
export type CallLine = z.infer<typeof CallLine>;

/** One line per call, newest first. */
export const CallPage = z.object({
  object: z.literal('list'),
  data: z.array(CallLine),
  has_more: z.boolean(),
  next_page: z.string().nullable(),
});
export type CallPage = z.infer<typeof CallPage>;

/** A page of metering's lines as the customer sees it. */
export const callPageOf = (
  { calls, nextCursor }: MeteringApi.ListCallsResponse,
  currency: string,
): CallPage => ({
  object: 'list',
  data: calls.map((call) => callLineOf(call, currency)),
  ...paging(nextCursor),
});

/** A line as the customer sees it, in the wallet's currency. */
export const callLineOf = (call: MeteringApi.CallLine, currency: string): CallLine => ({
  object: 'call',
  id: call.callId,
  time: call.occurredAt,
  model: call.model,
  endpoint: call.endpoint,
  source: call.source,
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
});
