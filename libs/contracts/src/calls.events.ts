import { z } from 'zod';
import { defineEvent } from './event.ts';
import { AmountText, Code, Id, InstantText, ModelName, MoneyText } from './text.ts';
import { Endpoint, RawUsage, SeenAnswer, Usage, UsageFamily } from './usage.ts';

const call = {
  callId: Id,
  customerId: Id,
  keyId: Id,
  model: ModelName,
  endpoint: Endpoint,
  stream: z.boolean(),
  priceVersionId: Id.describe('Pinned at admission.'),
  holdId: Id,
  admittedAt: InstantText.describe('By the database clock; chooses price version and hour.'),
} as const;

/** Why a call ends without a charge. */
export const UnchargedReason = z.enum([
  'upstream_rejected',
  'upstream_failed',
  'upstream_timeout',
  'zero_completion',
  'client_left_early',
  'moderated',
  'abandoned',
  'hold_expired',
  'closed_by_hand',
  'quarantine_expired',
]);
export type UnchargedReason = z.infer<typeof UnchargedReason>;

const sampleCall = {
  callId: 'call_01JD5ZM0A1B2C3D4E5F6G7H8J9',
  customerId: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
  keyId: 'key_01JD5ZK9X2M4N6P8Q0R2S4T6V8',
  model: 'gpt-5.5',
  endpoint: 'chat-completions',
  stream: true,
  priceVersionId: 'prv_01JD5ZA0000000000000000001',
  holdId: 'hold_01JD5ZM0A1B2C3D4E5F6G7H8J9',
  admittedAt: '2026-11-22T08:01:00.123456Z',
};

export const CallStarted = defineEvent({
  type: 'CallStarted',
  meaning: 'A call was admitted, has a hold, and goes to the upstream.',
  schema: z.strictObject({
    ...call,
    hold: MoneyText,
    deadline: InstantText.describe('A call without an end by then is closed uncharged.'),
  }),
  sample: {
    id: 'call_01JD5ZM0A1B2C3D4E5F6G7H8J9:started',
    source: 'haoli/gateway',
    time: '2026-11-22T08:01:00.123456Z',
    subject: sampleCall.customerId,
    data: {
      ...sampleCall,
      hold: { amount: '0.02575', currency: 'CNY' },
      deadline: '2026-11-22T08:31:00.123456Z',
    },
  },
});

export const CallFinished = defineEvent({
  type: 'CallFinished',
  meaning:
    'A call ended: with usage that is to be charged, with a reason why it is not, or with usage that cannot be true.',
  schema: z.strictObject({
    ...call,
    upstream: Code.optional().describe('Which provider answered; absent where none did.'),
    finishedAt: InstantText,
    statusCode: z.int().min(100).max(599).describe('What the client was answered.'),
    end: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('usage'),
        usage: Usage,
        charge: AmountText.describe(
          'What the gateway showed; metering recomputes it, a difference is quarantined.',
        ),
      }),
      z.strictObject({ kind: z.literal('uncharged'), reason: UnchargedReason }),
      z.strictObject({ kind: z.literal('impossible'), reason: z.string().max(500) }),
    ]),
    rawUsage: RawUsage.nullable().describe('The upstream’s usage body as it came, as text.'),
    usageFamily: UsageFamily.optional().describe(
      'Whose body that is; with it metering normalises the body again.',
    ),
    seen: SeenAnswer.optional(),
  }),
  sample: {
    id: 'call_01JD5ZM0A1B2C3D4E5F6G7H8J9:finished',
    source: 'haoli/gateway',
    time: '2026-11-22T08:01:03.5Z',
    subject: sampleCall.customerId,
    data: {
      ...sampleCall,
      upstream: 'default',
      finishedAt: '2026-11-22T08:01:03.5Z',
      statusCode: 200,
      end: {
        kind: 'usage',
        usage: { tokens: { input: 3000, output: 800 }, units: {}, source: 'upstream', estimated: false },
        charge: '0.0195',
      },
      rawUsage: '{"prompt_tokens":3000,"completion_tokens":800,"total_tokens":3800}',
      usageFamily: 'openai-chat',
      seen: { outputText: true },
    },
  },
});
