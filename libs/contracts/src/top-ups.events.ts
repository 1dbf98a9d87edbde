import { z } from 'zod';
import { defineEvent } from './event.ts';
import { Code, Id, InstantText, MoneyText } from './text.ts';

export const TopUpSettled = defineEvent({
  type: 'TopUpSettled',
  meaning: 'A top-up was paid, proven by a verified notification or by the provider’s answer to a query.',
  schema: z.strictObject({
    topUpId: Id,
    customerId: Id,
    channel: Code.describe('An opaque code to the ledger, such as `wechat-pay`.'),
    paid: MoneyText,
    providerReference: Id.describe('The provider’s number of the payment.'),
    paidAt: InstantText,
    late: z.boolean().describe('True where our order had already expired or been closed.'),
  }),
  sample: {
    id: 'top_01JD5ZP0A1B2C3D4E5F6G7H8J9:settled',
    source: 'haoli/payments',
    time: '2026-11-22T08:00:30Z',
    subject: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
    data: {
      topUpId: 'top_01JD5ZP0A1B2C3D4E5F6G7H8J9',
      customerId: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
      channel: 'wechat-pay',
      paid: { amount: '50', currency: 'CNY' },
      providerReference: '4200001234202611220000000001',
      paidAt: '2026-11-22T08:00:29Z',
      late: false,
    },
  },
});
