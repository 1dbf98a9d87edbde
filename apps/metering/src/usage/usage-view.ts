import { z } from 'zod';

const counts = z.record(z.string(), z.string()).describe('Counts by kind, as text.');

/** A page of sums, as REST shows it. */
export const UsagePage = z.object({
  buckets: z.array(
    z.object({
      start: z.string(),
      end: z.string(),
      results: z.array(
        z.object({
          group: z.record(z.string(), z.string()),
          requests: z.string(),
          tokens: counts,
          units: counts,
          charge: z.string().describe('Exact; equal to the sum of the calls’ charges.'),
          currency: z.string(),
          credits: z.string().describe('The charge in credits of the customer’s plan, rounded for reading.'),
        }),
      ),
    }),
  ),
  nextCursor: z.string(),
});

const CallLine = z.object({
  callId: z.string(),
  customerId: z.string(),
  keyId: z.string(),
  model: z.string(),
  endpoint: z.string(),
  source: z.string(),
  occurredAt: z.string(),
  statusCode: z.int(),
  tokens: counts,
  units: counts,
  charge: z.string().describe('Empty where the call was not charged.'),
  currency: z.string(),
  credits: z.string(),
  priceVersionId: z.string(),
  outcome: z.enum(['charged', 'uncharged', 'quarantined']),
  reason: z.string(),
  usageSource: z.string(),
  estimated: z.boolean(),
  lines: z.array(
    z.object({
      kind: z.string(),
      quantity: z.string(),
      unitPrice: z.string(),
      per: z.string(),
      amount: z.string(),
    }),
  ),
});

/** A page of calls, as REST shows it. */
export const CallsPage = z.object({ calls: z.array(CallLine), nextCursor: z.string() });

/** One call with all that its charge follows from, as REST shows it. */
export const CallReceipt = z.object({
  call: CallLine,
  holdId: z.string(),
  endedAt: z.string(),
  rawUsage: z.string().describe('The provider’s usage body as it came, as JSON text.'),
  rateCard: z.string(),
  priceEffectiveFrom: z.string(),
  priceTerms: z.string().describe('The terms of the price version, as JSON text.'),
});
