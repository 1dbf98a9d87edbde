import { z } from 'zod';
import { defineEvent } from './event.ts';
import { AmountText, Code, CurrencyCode, Id, InstantText } from './text.ts';

/** A credit plan: a fixed-rate view of the wallet. `credits` credits cost `amount` in the wallet's currency. */
export const PlanTerms = z.strictObject({
  code: Code,
  credits: AmountText.describe('How many credits …'),
  amount: AmountText.describe('… cost this much in the wallet’s currency.'),
});
export type PlanTerms = z.infer<typeof PlanTerms>;

export const CustomerChanged = defineEvent({
  type: 'CustomerChanged',
  meaning: 'A customer was created or changed; carries the whole new state.',
  schema: z.strictObject({
    customerId: Id,
    name: z.string().max(200),
    plan: PlanTerms,
    currency: CurrencyCode,
    rateCardId: Code,
    timeZone: z
      .string()
      .max(64)
      .describe('IANA time zone in which the customer’s days and weeks are counted.'),
    status: z.enum(['active', 'suspended', 'draining', 'closed']),
    changedAt: InstantText,
  }),
  sample: {
    id: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB:1',
    source: 'haoli/gateway',
    time: '2026-11-22T08:00:00.000001Z',
    subject: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
    data: {
      customerId: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
      name: 'Aurora Translation Ltd',
      plan: { code: 'usd-credit', credits: '1', amount: '7.14' },
      currency: 'CNY',
      rateCardId: 'standard',
      timeZone: 'Asia/Shanghai',
      status: 'active',
      changedAt: '2026-11-22T08:00:00.000001Z',
    },
  },
});

export const KeyChanged = defineEvent({
  type: 'KeyChanged',
  meaning: 'An API key was issued, changed or revoked. Never carries the key or its hash.',
  schema: z.strictObject({
    keyId: Id,
    customerId: Id,
    name: z.string().max(200),
    displayPrefix: z.string().max(16),
    lastFour: z.string().length(4),
    status: z.enum(['active', 'revoked']),
    changedAt: InstantText,
  }),
  sample: {
    id: 'key_01JD5ZK9X2M4N6P8Q0R2S4T6V8:1',
    source: 'haoli/gateway',
    time: '2026-11-22T08:00:01Z',
    subject: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
    data: {
      keyId: 'key_01JD5ZK9X2M4N6P8Q0R2S4T6V8',
      customerId: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
      name: 'production',
      displayPrefix: 'sk-4fG7',
      lastFour: 'Qz9K',
      status: 'active',
      changedAt: '2026-11-22T08:00:01Z',
    },
  },
});
