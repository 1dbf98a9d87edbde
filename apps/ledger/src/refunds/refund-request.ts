import type {
  EventOf,
  ExternalRefundFound,
  RefundItemFailed,
  RefundItemPaid,
  RefundRequested,
} from '@app/contracts';
import { Units18 } from '@app/money';
import { bookOf, commandOf, printableCode } from '../journal/command-of-event.ts';
import type { PostRequest } from '../journal/journal.ts';
import { announceRefund } from './refund-announcement.ts';

/** Everything that payments tells about refunds. */
export type RefundEvent =
  | EventOf<typeof RefundRequested>
  | EventOf<typeof RefundItemPaid>
  | EventOf<typeof RefundItemFailed>
  | EventOf<typeof ExternalRefundFound>;

/** What a refund asks of the journal; what follows is announced in the same transaction. */
export function requestOfRefund(event: RefundEvent): PostRequest {
  switch (event.type) {
    case 'RefundRequested':
      return reserveRequest(event);
    case 'RefundItemPaid':
      return paidRequest(event);
    case 'RefundItemFailed':
      return failedRequest(event);
    case 'ExternalRefundFound':
      return externalRequest(event);
  }
}

function reserveRequest(event: EventOf<typeof RefundRequested>): PostRequest {
  const { refundId, customerId, request, requestedAt } = event.data;
  const isAmount = request.kind === 'amount';
  const currency = isAmount ? request.amount.currency : null;
  return {
    bookId: bookOf(customerId),
    announce: announceRefund,
    command: {
      ...commandOf(event, { occurredAt: requestedAt, currency }),
      type: 'reserve-refund',
      refundId,
      request: isAmount
        ? { extent: 'amount', amount: Units18.fromText(request.amount.amount) }
        : { extent: 'close-out' },
    },
  };
}

function paidRequest(event: EventOf<typeof RefundItemPaid>): PostRequest {
  const { refundId, itemId, customerId, channel, amount, providerReference, paidAt } = event.data;
  return {
    bookId: bookOf(customerId),
    announce: announceRefund,
    command: {
      ...commandOf(event, { occurredAt: paidAt, currency: amount.currency }),
      type: 'pay-refund-item',
      refundId,
      itemId,
      channel,
      amount: Units18.fromText(amount.amount),
      providerReference,
    },
  };
}

function failedRequest(event: EventOf<typeof RefundItemFailed>): PostRequest {
  const { refundId, itemId, customerId, amount, code, failedAt } = event.data;
  return {
    bookId: bookOf(customerId),
    announce: announceRefund,
    command: {
      ...commandOf(event, { occurredAt: failedAt, currency: amount.currency }),
      type: 'fail-refund-item',
      refundId,
      itemId,
      amount: Units18.fromText(amount.amount),
      reason: printableCode(code),
    },
  };
}

/** Nobody is told: what the provider gave back is a fact, and what could not be taken from the wallet is a shortfall. */
function externalRequest(event: EventOf<typeof ExternalRefundFound>): PostRequest {
  const { externalRefundId, topUpId, customerId, channel, amount, occurredAt } = event.data;
  return {
    bookId: bookOf(customerId),
    command: {
      ...commandOf(event, { occurredAt, currency: amount.currency }),
      type: 'record-external-refund',
      externalRefundId,
      topUpId,
      channel,
      amount: Units18.fromText(amount.amount),
      endedLots: [],
    },
  };
}
