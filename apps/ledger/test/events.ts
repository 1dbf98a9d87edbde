import type {
  CallClosedUncharged,
  CallFinished,
  CustomerChanged,
  EventOf,
  RefundItemFailed,
  RefundItemPaid,
  RefundRequested,
  TopUpSettled,
  UsageRated,
} from '@app/contracts';

const time = '2026-11-22T08:00:00.5Z';
const envelope = (id: string, subject: string, from: string) => ({
  id,
  source: `haoli/${from}`,
  time,
  subject,
});

/** A customer on the plan of the first seed. */
export const aCustomer = (customerId: string, price = '7.14'): EventOf<typeof CustomerChanged> => ({
  ...envelope(`${customerId}:${price}`, customerId, 'gateway'),
  type: 'CustomerChanged',
  data: {
    customerId,
    name: 'Aurora',
    plan: { code: 'usd-credit', credits: '1', amount: price },
    currency: 'CNY',
    rateCardId: 'standard',
    timeZone: 'Asia/Shanghai',
    status: 'active',
    changedAt: time,
  },
});

/** A paid top-up. */
export const aTopUp = (
  customerId: string,
  topUpId: string,
  amount: string,
  channel = 'wechat-pay',
): EventOf<typeof TopUpSettled> => ({
  ...envelope(`${topUpId}:settled`, customerId, 'payments'),
  type: 'TopUpSettled',
  data: {
    topUpId,
    customerId,
    channel,
    paid: { amount, currency: 'CNY' },
    providerReference: `4200-${topUpId}`,
    paidAt: '2026-11-22T08:00:00Z',
    late: false,
  },
});

/** A rated call; without a hold where none is named. */
export const aCharge = (
  customerId: string,
  callId: string,
  amount: string,
  holdId: string | null = null,
): EventOf<typeof UsageRated> => ({
  ...envelope(`${callId}:rated`, customerId, 'metering'),
  type: 'UsageRated',
  data: {
    callId,
    customerId,
    keyId: null,
    holdId,
    model: 'gpt-5.5',
    priceVersionId: 'prv_1',
    occurredAt: '2026-11-22T08:00:00.25Z',
    charge: { amount, currency: 'CNY' },
    lines: [
      { kind: 'input', quantity: 3000, unitPrice: '2.5', per: '1000000', amount: '0.0075' },
      { kind: 'output', quantity: 800, unitPrice: '15', per: '1000000', amount: '0.012' },
    ],
  },
});

/** A call that is not charged. */
export const anUncharged = (
  customerId: string,
  callId: string,
  holdId: string,
): EventOf<typeof CallClosedUncharged> => ({
  ...envelope(`${callId}:uncharged`, customerId, 'metering'),
  type: 'CallClosedUncharged',
  data: { callId, customerId, holdId, reason: 'upstream_failed', closedAt: time },
});

/** A call that finished. */
export const aFinish = (
  customerId: string,
  callId: string,
  holdId: string,
): EventOf<typeof CallFinished> => ({
  ...envelope(`${callId}:finished`, customerId, 'gateway'),
  type: 'CallFinished',
  data: {
    callId,
    customerId,
    keyId: 'key_1',
    model: 'gpt-5.5',
    endpoint: 'chat-completions',
    stream: false,
    priceVersionId: 'prv_1',
    holdId,
    admittedAt: time,
    finishedAt: time,
    statusCode: 200,
    end: { kind: 'uncharged', reason: 'upstream_failed' },
    rawUsage: null,
  },
});

/** A refund: of everything, or of an amount. */
export const aRefund = (
  customerId: string,
  refundId: string,
  amount?: string,
): EventOf<typeof RefundRequested> => ({
  ...envelope(`${refundId}:requested`, customerId, 'payments'),
  type: 'RefundRequested',
  data: {
    refundId,
    customerId,
    request:
      amount === undefined ? { kind: 'close-out' } : { kind: 'amount', amount: { amount, currency: 'CNY' } },
    requestedAt: time,
  },
});

/** One item of a refund as RefundReserved names it. */
export interface Item {
  readonly itemId: string;
  readonly topUpId: string;
  readonly channel: string;
  readonly amount: { readonly amount: string; readonly currency: string };
}

/** An item that was paid back. */
export const anItemPaid = (
  customerId: string,
  refundId: string,
  item: Item,
): EventOf<typeof RefundItemPaid> => ({
  ...envelope(`${item.itemId}:paid`, customerId, 'payments'),
  type: 'RefundItemPaid',
  data: { refundId, customerId, ...item, providerReference: `5030-${item.itemId}`, paidAt: time },
});

/** An item that was not paid. */
export const anItemFailed = (
  customerId: string,
  refundId: string,
  item: Item,
): EventOf<typeof RefundItemFailed> => ({
  ...envelope(`${item.itemId}:failed`, customerId, 'payments'),
  type: 'RefundItemFailed',
  data: { refundId, customerId, ...item, code: 'USER_ACCOUNT_ABNORMAL', failedAt: time },
});
