import {
  channelBookOf,
  ChannelFeeReturned,
  ChannelFeeTaken,
  ChannelSettled,
  type EventOf,
  ExternalRefundFound,
  SuspenseAssigned,
  SuspenseReceived,
  SuspenseReturned,
  UpstreamBillPaid,
  upstreamBookOf,
  UpstreamCostAccrued,
} from '@app/contracts';

const occurredAt = '2026-11-22T08:00:00Z';
const channelBook = channelBookOf('CNY');
const upstreamBook = upstreamBookOf('CNY');
const cny = (amount: string) => ({ amount, currency: 'CNY' });

/** Money that came in without an owner. */
export const aSuspense = (
  suspenseId: string,
  channel: string,
  amount: string,
): EventOf<typeof SuspenseReceived> => ({
  ...SuspenseReceived.sample,
  id: `${suspenseId}:received`,
  subject: channelBook,
  data: { suspenseId, bookId: channelBook, channel, amount: cny(amount), occurredAt },
});

/** Money in suspense that found its owner. */
export const anAssignment = (
  customerId: string,
  suspenseId: string,
  { topUpId, channel, amount }: { topUpId: string; channel: string; amount: string },
): EventOf<typeof SuspenseAssigned> => ({
  ...SuspenseAssigned.sample,
  id: `${topUpId}:assigned`,
  subject: customerId,
  data: { suspenseId, topUpId, customerId, channel, amount: cny(amount), occurredAt },
});

/** Money in suspense that went back. */
export const aReturn = (
  suspenseId: string,
  channel: string,
  amount: string,
): EventOf<typeof SuspenseReturned> => ({
  ...SuspenseReturned.sample,
  id: `${suspenseId}:returned`,
  subject: channelBook,
  data: { suspenseId, bookId: channelBook, channel, amount: cny(amount), occurredAt },
});

/** A fee of a customer's payment, or of the platform. */
export const aFee = (
  feeId: string,
  channel: string,
  amount: string,
  bookId: string = channelBook,
): EventOf<typeof ChannelFeeTaken> => ({
  ...ChannelFeeTaken.sample,
  id: `${feeId}:taken`,
  subject: bookId,
  data: { feeId, bookId, channel, amount: cny(amount), occurredAt },
});

/** A fee that came back. */
export const aFeeReturned = (
  feeId: string,
  channel: string,
  amount: string,
  bookId: string = channelBook,
): EventOf<typeof ChannelFeeReturned> => ({
  ...ChannelFeeReturned.sample,
  id: `${feeId}:returned`,
  subject: bookId,
  data: { feeId, bookId, channel, amount: cny(amount), occurredAt },
});

/** A channel's payout to our bank. */
export const aSettlement = (
  settlementId: string,
  channel: string,
  amount: string,
): EventOf<typeof ChannelSettled> => ({
  ...ChannelSettled.sample,
  id: `${settlementId}:settled`,
  subject: channelBook,
  data: { settlementId, bookId: channelBook, channel, bank: 'bank', amount: cny(amount), occurredAt },
});

/** A bill of an upstream that was paid from the bank. */
export const aBill = (billId: string, accrued: string, paid: string): EventOf<typeof UpstreamBillPaid> => ({
  ...UpstreamBillPaid.sample,
  id: `${billId}:paid`,
  subject: upstreamBook,
  data: {
    billId,
    bookId: upstreamBook,
    upstream: 'openai',
    bank: 'bank',
    accrued,
    paid: cny(paid),
    occurredAt,
  },
});

/** What a batch of calls cost. */
export const aCost = (batchId: string, cost: string): EventOf<typeof UpstreamCostAccrued> => ({
  ...UpstreamCostAccrued.sample,
  id: `${batchId}:accrued`,
  subject: upstreamBook,
  data: { batchId, upstream: 'openai', bookId: upstreamBook, cost: cny(cost), calls: 128, occurredAt },
});

/** A refund that the provider made without us. */
export const anExternalRefund = (
  customerId: string,
  topUpId: string,
  amount: string,
  channel = 'alipay',
): EventOf<typeof ExternalRefundFound> => ({
  ...ExternalRefundFound.sample,
  id: `ext_${topUpId}:found`,
  subject: customerId,
  data: { externalRefundId: `ext_${topUpId}`, topUpId, customerId, channel, amount: cny(amount), occurredAt },
});
