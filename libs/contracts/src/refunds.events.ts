import { z } from 'zod';
import { defineEvent } from './event.ts';
import { AmountText, Code, Id, InstantText, MoneyText } from './text.ts';

const customerId = 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB';
const refundId = 'ref_01JD5ZQ0A1B2C3D4E5F6G7H8J9';
const itemId = 'ref_01JD5ZQ0A1B2C3D4E5F6G7H8J9.1';
const topUpId = 'top_01JD5ZP0A1B2C3D4E5F6G7H8J9';

/** A part of a refund: what goes back to the payment of one top-up. */
export const RefundItem = z.strictObject({
  itemId: Id,
  topUpId: Id,
  channel: Code,
  amount: MoneyText.describe('In whole minor units of the currency: this is what leaves.'),
});
export type RefundItem = z.infer<typeof RefundItem>;

export const RefundRequested = defineEvent({
  type: 'RefundRequested',
  meaning: 'A refund of unused balance was asked for; the ledger decides and picks the top-ups.',
  schema: z.strictObject({
    refundId: Id,
    customerId: Id,
    request: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('amount'), amount: MoneyText }),
      z.strictObject({ kind: z.literal('close-out') }),
    ]),
    requestedAt: InstantText,
  }),
  sample: {
    id: `${refundId}:requested`,
    source: 'haoli/payments',
    time: '2026-11-22T09:00:00Z',
    subject: customerId,
    data: { refundId, customerId, request: { kind: 'close-out' }, requestedAt: '2026-11-22T09:00:00Z' },
  },
});

/** What became of an item: which one, of whose refund, and how much. */
const itemOutcome = {
  refundId: Id,
  itemId: Id,
  topUpId: Id,
  customerId: Id,
  channel: Code,
  amount: MoneyText,
};

export const RefundItemPaid = defineEvent({
  type: 'RefundItemPaid',
  meaning: 'The provider confirmed that an item of a refund was paid back.',
  schema: z.strictObject({
    ...itemOutcome,
    providerReference: Id,
    paidAt: InstantText,
  }),
  sample: {
    id: `${itemId}:paid`,
    source: 'haoli/payments',
    time: '2026-11-22T09:00:05Z',
    subject: customerId,
    data: {
      refundId,
      itemId,
      topUpId,
      customerId,
      channel: 'wechat-pay',
      amount: { amount: '12.35', currency: 'CNY' },
      providerReference: '50300001234202611220000000001',
      paidAt: '2026-11-22T09:00:04Z',
    },
  },
});

export const RefundItemFailed = defineEvent({
  type: 'RefundItemFailed',
  meaning: 'The provider definitely did not pay an item; the ledger gives its amount back to the wallet.',
  schema: z.strictObject({
    ...itemOutcome,
    code: z.string().max(128),
    failedAt: InstantText,
  }),
  sample: {
    id: `${itemId}:failed`,
    source: 'haoli/payments',
    time: '2026-11-22T09:00:05Z',
    subject: customerId,
    data: {
      refundId,
      itemId,
      topUpId,
      customerId,
      channel: 'wechat-pay',
      amount: { amount: '12.35', currency: 'CNY' },
      code: 'USER_ACCOUNT_ABNORMAL',
      failedAt: '2026-11-22T09:00:04Z',
    },
  },
});

export const ExternalRefundFound = defineEvent({
  type: 'ExternalRefundFound',
  meaning:
    'The provider gave money back without us: a complaint, a chargeback, or a refund in the merchant console.',
  schema: z.strictObject({
    externalRefundId: Id.describe('Follows from the provider’s number, so that it is found once.'),
    topUpId: Id.describe('The top-up whose payment was given back.'),
    customerId: Id,
    channel: Code,
    amount: MoneyText,
    occurredAt: InstantText,
  }),
  sample: {
    id: 'ext_50300001234202611220000000009:found',
    source: 'haoli/payments',
    time: '2026-11-23T02:30:00Z',
    subject: customerId,
    data: {
      externalRefundId: 'ext_50300001234202611220000000009',
      topUpId,
      customerId,
      channel: 'wechat-pay',
      amount: { amount: '100', currency: 'CNY' },
      occurredAt: '2026-11-22T15:00:00Z',
    },
  },
});

export const RefundReserved = defineEvent({
  type: 'RefundReserved',
  meaning: 'The ledger set the amount aside and says which payments it goes back to, newest first.',
  schema: z.strictObject({
    refundId: Id,
    customerId: Id,
    total: MoneyText,
    rounding: AmountText.describe('What a close-out was rounded up by, at our expense.'),
    items: z.array(RefundItem).min(1).max(10_000),
    reservedAt: InstantText,
  }),
  sample: {
    id: `${refundId}:reserved`,
    source: 'haoli/ledger',
    time: '2026-11-22T09:00:01Z',
    subject: customerId,
    data: {
      refundId,
      customerId,
      total: { amount: '12.35', currency: 'CNY' },
      rounding: '0.004322',
      items: [{ itemId, topUpId, channel: 'wechat-pay', amount: { amount: '12.35', currency: 'CNY' } }],
      reservedAt: '2026-11-22T09:00:01Z',
    },
  },
});

export const RefundRefused = defineEvent({
  type: 'RefundRefused',
  meaning: 'The ledger refused a refund, with the amount that could be refunded instead.',
  schema: z.strictObject({
    refundId: Id,
    customerId: Id,
    code: Code,
    refundable: MoneyText,
    refusedAt: InstantText,
  }),
  sample: {
    id: `${refundId}:refused`,
    source: 'haoli/ledger',
    time: '2026-11-22T09:00:01Z',
    subject: customerId,
    data: {
      refundId,
      customerId,
      code: 'exceeds-refundable',
      refundable: { amount: '12.34', currency: 'CNY' },
      refusedAt: '2026-11-22T09:00:01Z',
    },
  },
});

export const RefundClosed = defineEvent({
  type: 'RefundClosed',
  meaning: 'Every item of a refund has ended; what was paid and what was given back.',
  schema: z.strictObject({
    refundId: Id,
    customerId: Id,
    paid: MoneyText,
    givenBack: MoneyText,
    closedAt: InstantText,
  }),
  sample: {
    id: `${refundId}:closed`,
    source: 'haoli/ledger',
    time: '2026-11-22T09:00:06Z',
    subject: customerId,
    data: {
      refundId,
      customerId,
      paid: { amount: '12.35', currency: 'CNY' },
      givenBack: { amount: '0', currency: 'CNY' },
      closedAt: '2026-11-22T09:00:06Z',
    },
  },
});
