import { z } from 'zod';
import { UnchargedReason } from './calls.events.ts';
import { defineEvent } from './event.ts';
import { isPlainRatedCall } from './plain-rated-call.ts';
import { Code, CurrencyCode, Id, InstantText, ModelName, MoneyText } from './text.ts';
import {
  ChargeLine,
  Endpoint,
  PriceBasis,
  PriceDerivation,
  PriceTerms,
  RawUsage,
  Usage,
  UsageFamily,
} from './usage.ts';

const sampleCustomer = 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB';

export const UsageRecorded = defineEvent({
  type: 'UsageRecorded',
  meaning: 'An internal service reported usage; metering acknowledged it and will rate it.',
  schema: z.strictObject({
    callId: Id.describe('Derived from (source, id).'),
    source: z.string().max(128).describe('Who reported it.'),
    sourceId: Id.describe('The reporter’s own id, unique for ever within its source.'),
    customerId: Id,
    keyId: Id.nullable(),
    model: ModelName,
    endpoint: Endpoint,
    occurredAt: InstantText,
    usage: Usage.nullable().describe('Null where a provider’s body was reported instead of counts.'),
    usageFamily: UsageFamily.optional(),
    rawUsage: RawUsage.optional().describe('The body that was reported, as it came.'),
  }),
  sample: {
    id: 'use_01JD5ZM0A1B2C3D4E5F6G7H8J9:recorded',
    source: 'haoli/metering',
    time: '2026-11-22T08:02:00Z',
    subject: sampleCustomer,
    data: {
      callId: 'use_01JD5ZM0A1B2C3D4E5F6G7H8J9',
      source: 'batch-translator',
      sourceId: 'job-1/line-17',
      customerId: sampleCustomer,
      keyId: null,
      model: 'gpt-5.5',
      endpoint: 'record-usage',
      occurredAt: '2026-11-22T08:01:59.5Z',
      usage: { tokens: { input: 374, output: 44 }, units: {}, source: 'recorded', estimated: false },
    },
  },
});

export const UsageRated = defineEvent({
  type: 'UsageRated',
  meaning: 'A call was rated: what it costs, by which price version, line by line.',
  schema: z.strictObject({
    callId: Id,
    customerId: Id,
    keyId: Id.nullable(),
    holdId: Id.nullable().describe('The hold to settle; null for a charge without a hold.'),
    model: ModelName,
    priceVersionId: Id,
    occurredAt: InstantText,
    charge: MoneyText,
    lines: z.array(ChargeLine).max(32),
  }),
  isPlain: isPlainRatedCall,
  sample: {
    id: 'call_01JD5ZM0A1B2C3D4E5F6G7H8J9:rated',
    source: 'haoli/metering',
    time: '2026-11-22T08:01:03.5Z',
    subject: sampleCustomer,
    data: {
      callId: 'call_01JD5ZM0A1B2C3D4E5F6G7H8J9',
      customerId: sampleCustomer,
      keyId: 'key_01JD5ZK9X2M4N6P8Q0R2S4T6V8',
      holdId: 'hold_01JD5ZM0A1B2C3D4E5F6G7H8J9',
      model: 'gpt-5.5',
      priceVersionId: 'prv_01JD5ZA0000000000000000001',
      occurredAt: '2026-11-22T08:01:00.123456Z',
      charge: { amount: '0.0195', currency: 'CNY' },
      lines: [
        { kind: 'input', quantity: 3000, unitPrice: '2.5', per: '1000000', amount: '0.0075' },
        { kind: 'output', quantity: 800, unitPrice: '15', per: '1000000', amount: '0.012' },
      ],
    },
  },
});

export const CallClosedUncharged = defineEvent({
  type: 'CallClosedUncharged',
  meaning: 'A call ended without a charge; its hold is to be released.',
  schema: z.strictObject({
    callId: Id,
    customerId: Id,
    holdId: Id,
    reason: UnchargedReason,
    closedAt: InstantText,
  }),
  sample: {
    id: 'call_01JD5ZN0A1B2C3D4E5F6G7H8J9:uncharged',
    source: 'haoli/metering',
    time: '2026-11-22T08:03:00Z',
    subject: sampleCustomer,
    data: {
      callId: 'call_01JD5ZN0A1B2C3D4E5F6G7H8J9',
      customerId: sampleCustomer,
      holdId: 'hold_01JD5ZN0A1B2C3D4E5F6G7H8J9',
      reason: 'upstream_failed',
      closedAt: '2026-11-22T08:03:00Z',
    },
  },
});

export const UpstreamCostAccrued = defineEvent({
  type: 'UpstreamCostAccrued',
  meaning: 'What a batch of calls costs us at one upstream, charged and uncharged calls alike.',
  schema: z.strictObject({
    batchId: Id,
    upstream: Code,
    bookId: Id.describe('The platform book, `platform:upstreams-<currency>:<part>`.'),
    cost: MoneyText,
    calls: z.int().positive(),
    occurredAt: InstantText,
  }),
  sample: {
    id: 'cost_01JD5ZN0A1B2C3D4E5F6G7H8J9:accrued',
    source: 'haoli/metering',
    time: '2026-11-22T08:03:00Z',
    subject: 'platform:upstreams-cny:0',
    data: {
      batchId: 'cost_01JD5ZN0A1B2C3D4E5F6G7H8J9',
      upstream: 'openai',
      bookId: 'platform:upstreams-cny:0',
      cost: { amount: '3.85', currency: 'CNY' },
      calls: 128,
      occurredAt: '2026-11-22T08:03:00Z',
    },
  },
});

export const PriceVersionPublished = defineEvent({
  type: 'PriceVersionPublished',
  meaning: 'A price version of one model on one rate card was published; immutable from now on.',
  schema: z.strictObject({
    priceVersionId: Id,
    rateCardId: Code,
    model: ModelName,
    currency: CurrencyCode,
    effectiveFrom: InstantText,
    announcedAt: InstantText,
    terms: PriceTerms,
    basis: PriceBasis.default('listed'),
    derivation: PriceDerivation.nullable()
      .default(null)
      .describe('The dated inputs of the prices; null where they are plainly listed.'),
    limits: z
      .strictObject({ contextTokens: z.int().positive(), outputTokens: z.int().positive() })
      .nullable()
      .describe('What the model accepts and gives at most; bounds the hold.'),
  }),
  sample: {
    id: 'prv_01JD5ZA0000000000000000001:published',
    source: 'haoli/metering',
    time: '2026-11-01T00:00:00Z',
    subject: 'standard/gpt-5.5',
    data: {
      priceVersionId: 'prv_01JD5ZA0000000000000000001',
      rateCardId: 'standard',
      model: 'gpt-5.5',
      currency: 'CNY',
      effectiveFrom: '2026-11-01T00:00:00Z',
      announcedAt: '2026-11-01T00:00:00Z',
      terms: {
        rates: { input: '2.5', output: '15' },
        fallback: {
          cached_input: 'input',
          cache_write: 'input',
          cache_write_1h: 'input',
          cache_write_12h: 'input',
        },
        unitPrices: {},
        tiers: [],
        windows: [],
      },
      basis: 'derived',
      derivation: {
        official: {
          currency: 'USD',
          asOf: '2026-10-31',
          source: 'https://developers.openai.com/api/docs/pricing',
          rates: { input: '5', output: '30' },
          unitPrices: {},
          tiers: [],
          windows: [],
        },
        fx: { rate: '7.1', asOf: '2026-10-31', source: 'central parity rate' },
        discount: { times: '1', dividedBy: '14.2' },
        rounding: { mode: 'half-up', decimals: 12 },
      },
      limits: { contextTokens: 272000, outputTokens: 128000 },
    },
  },
});
