import { z } from 'zod';
import { defineEvent } from './event.ts';
import { channelBookOf, upstreamBookOf } from './platform-books.ts';
import { AmountText, Code, Id, InstantText, MoneyText } from './text.ts';

const suspenseId = 'sus_01JD5ZR0A1B2C3D4E5F6G7H8J9';
const topUpId = 'top_01JD5ZR5A1B2C3D4E5F6G7H8J9';
const feeId = 'fee_01JD5ZP0A1B2C3D4E5F6G7H8J9';
const settlementId = 'set_01JD5ZS0A1B2C3D4E5F6G7H8J9';
const billId = 'bill_01JD5ZT0A1B2C3D4E5F6G7H8J9';
const customerId = 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB';
const channelBook = channelBookOf('CNY');
const upstreamBook = upstreamBookOf('CNY');

const ChannelBook = Id.describe('The platform book of the channels, one for each currency.');
const FeeBook = Id.describe('The customer whose payment it was, or the platform book of the channels.');
/** What every movement of money at a channel tells. */
const movement = {
  channel: Code.describe('An opaque code to the ledger, such as `wechat-pay` or `bank-icbc`.'),
  amount: MoneyText,
  occurredAt: InstantText,
};

export const SuspenseReceived = defineEvent({
  type: 'SuspenseReceived',
  meaning: 'Money came in and nobody knows yet whose it is.',
  schema: z.strictObject({
    suspenseId: Id,
    bookId: ChannelBook,
    ...movement,
  }),
  sample: {
    id: `${suspenseId}:received`,
    source: 'haoli/payments',
    time: '2026-11-22T09:10:00Z',
    subject: channelBook,
    data: {
      suspenseId,
      bookId: channelBook,
      channel: 'bank-icbc',
      amount: { amount: '500', currency: 'CNY' },
      occurredAt: '2026-11-22T09:09:30Z',
    },
  },
});

export const SuspenseAssigned = defineEvent({
  type: 'SuspenseAssigned',
  meaning: 'Money in suspense, or a part of it, is a customer’s: it becomes a top-up.',
  schema: z.strictObject({
    suspenseId: Id,
    topUpId: Id.describe('The top-up that it becomes; each part of a payment is one.'),
    customerId: Id,
    ...movement,
  }),
  sample: {
    id: `${topUpId}:assigned`,
    source: 'haoli/payments',
    time: '2026-11-22T10:00:00Z',
    subject: customerId,
    data: {
      suspenseId,
      topUpId,
      customerId,
      channel: 'bank-icbc',
      amount: { amount: '500', currency: 'CNY' },
      occurredAt: '2026-11-22T10:00:00Z',
    },
  },
});

export const SuspenseReturned = defineEvent({
  type: 'SuspenseReturned',
  meaning: 'Money in suspense went back to who sent it.',
  schema: z.strictObject({
    suspenseId: Id,
    bookId: ChannelBook,
    ...movement,
  }),
  sample: {
    id: `${suspenseId}:returned`,
    source: 'haoli/payments',
    time: '2026-11-23T09:00:00Z',
    subject: channelBook,
    data: {
      suspenseId,
      bookId: channelBook,
      channel: 'bank-icbc',
      amount: { amount: '500', currency: 'CNY' },
      occurredAt: '2026-11-23T08:59:00Z',
    },
  },
});

export const ChannelFeeTaken = defineEvent({
  type: 'ChannelFeeTaken',
  meaning: 'A channel took its fee out of our money there.',
  schema: z.strictObject({
    feeId: Id,
    bookId: FeeBook,
    ...movement,
  }),
  sample: {
    id: `${feeId}:taken`,
    source: 'haoli/payments',
    time: '2026-11-23T02:30:00Z',
    subject: customerId,
    data: {
      feeId,
      bookId: customerId,
      channel: 'wechat-pay',
      amount: { amount: '0.3', currency: 'CNY' },
      occurredAt: '2026-11-22T08:00:29Z',
    },
  },
});

export const ChannelFeeReturned = defineEvent({
  type: 'ChannelFeeReturned',
  meaning: 'A channel gave a fee back, usually the part that belongs to a refund.',
  schema: z.strictObject({
    feeId: Id.describe('An own id for each return, not that of the fee.'),
    bookId: FeeBook,
    ...movement,
  }),
  sample: {
    id: `${feeId}:returned`,
    source: 'haoli/payments',
    time: '2026-11-24T02:30:00Z',
    subject: channelBook,
    data: {
      feeId,
      bookId: channelBook,
      channel: 'wechat-pay',
      amount: { amount: '0.07', currency: 'CNY' },
      occurredAt: '2026-11-23T09:00:04Z',
    },
  },
});

export const ChannelSettled = defineEvent({
  type: 'ChannelSettled',
  meaning: 'A channel paid our money there out to our bank account.',
  schema: z.strictObject({
    settlementId: Id,
    bookId: ChannelBook,
    ...movement,
    bank: Code.describe('The channel code of our bank account.'),
  }),
  sample: {
    id: `${settlementId}:settled`,
    source: 'haoli/payments',
    time: '2026-11-23T03:00:00Z',
    subject: channelBook,
    data: {
      settlementId,
      bookId: channelBook,
      channel: 'wechat-pay',
      bank: 'bank-icbc',
      amount: { amount: '60.64', currency: 'CNY' },
      occurredAt: '2026-11-23T02:00:00Z',
    },
  },
});

export const UpstreamBillPaid = defineEvent({
  type: 'UpstreamBillPaid',
  meaning: 'A bill of an upstream was paid; what the exchange rate made of it is the difference.',
  schema: z.strictObject({
    billId: Id,
    bookId: Id.describe('The platform book of the upstreams, one for each currency.'),
    upstream: Code,
    bank: Code.describe('The channel code of the bank account that paid.'),
    accrued: AmountText.describe('What we owed by our own books, in the currency of `paid`.'),
    paid: MoneyText,
    occurredAt: InstantText,
  }),
  sample: {
    id: `${billId}:paid`,
    source: 'haoli/payments',
    time: '2026-12-05T03:00:00Z',
    subject: upstreamBook,
    data: {
      billId,
      bookId: upstreamBook,
      upstream: 'openai',
      bank: 'bank-icbc',
      accrued: '3.85',
      paid: { amount: '3.9', currency: 'CNY' },
      occurredAt: '2026-12-05T02:00:00Z',
    },
  },
});
