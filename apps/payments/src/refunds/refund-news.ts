import type { EventOf, RefundItemFailed, RefundItemPaid, RefundRequested } from '@app/contracts';
import type { Refund, RefundEvent, RefundItem } from '@app/funding';

const source = 'haoli/payments';

/** Asks the ledger to decide. */
export function requested(
  { refundId, customerId, asked }: Refund,
  now: Date,
): EventOf<typeof RefundRequested> {
  const time = now.toISOString();
  const request: EventOf<typeof RefundRequested>['data']['request'] =
    asked.kind === 'close-out' ? { kind: 'close-out' } : { kind: 'amount', amount: asked.amount.toJSON() };
  return {
    id: `${refundId}:requested`,
    type: 'RefundRequested',
    source,
    time,
    subject: customerId,
    data: { refundId, customerId, request, requestedAt: time },
  };
}

/** Tells the ledger that an item was paid back. */
export function itemPaid(
  refund: Refund,
  item: RefundItem,
  { providerReference, paidAt, paidFrom }: Extract<RefundEvent, { type: 'RefundItemPaid' }>,
): EventOf<typeof RefundItemPaid> {
  return {
    id: `${item.itemId}:paid`,
    type: 'RefundItemPaid',
    source,
    time: paidAt,
    subject: refund.customerId,
    data: { ...wordsOf(refund, item), channel: paidFrom ?? item.channel, providerReference, paidAt },
  };
}

/** Tells the ledger that an item was definitely not paid, so that it gives the amount back. */
export function itemFailed(
  refund: Refund,
  item: RefundItem,
  { code, failedAt }: Extract<RefundEvent, { type: 'RefundItemFailed' }>,
): EventOf<typeof RefundItemFailed> {
  return {
    id: `${item.itemId}:failed`,
    type: 'RefundItemFailed',
    source,
    time: failedAt,
    subject: refund.customerId,
    data: { ...wordsOf(refund, item), code, failedAt },
  };
}

const wordsOf = ({ refundId, customerId }: Refund, { itemId, topUpId, channel, amount }: RefundItem) => ({
  refundId,
  itemId,
  topUpId,
  customerId,
  channel,
  amount: amount.toJSON(),
});
