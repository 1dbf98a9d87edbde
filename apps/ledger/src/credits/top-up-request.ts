import type {
  ChannelFeeReturned,
  ChannelFeeTaken,
  ChannelSettled,
  EventOf,
  SuspenseAssigned,
  SuspenseReceived,
  SuspenseReturned,
  TopUpSettled,
  UpstreamBillPaid,
} from '@app/contracts';
import { Units18 } from '@app/money';
import { bookOf, commandOf, platformBookOf } from '../journal/command-of-event.ts';
import type { PostRequest } from '../journal/journal.ts';

type SuspenseEvent = EventOf<typeof SuspenseReceived> | EventOf<typeof SuspenseReturned>;
type FeeEvent = EventOf<typeof ChannelFeeTaken> | EventOf<typeof ChannelFeeReturned>;

/** Everything that payments tells of money that came in, and of what channels and banks did with ours. */
export type TopUpEvent =
  | EventOf<typeof TopUpSettled>
  | EventOf<typeof SuspenseAssigned>
  | SuspenseEvent
  | FeeEvent
  | EventOf<typeof ChannelSettled>
  | EventOf<typeof UpstreamBillPaid>;

/** What money that came in, or moved at a channel, asks of the journal. */
export function requestOfTopUp(event: TopUpEvent): PostRequest {
  switch (event.type) {
    case 'TopUpSettled':
      return creditRequest(event);
    case 'SuspenseAssigned':
      return assignRequest(event);
    case 'SuspenseReceived':
    case 'SuspenseReturned':
      return suspenseRequest(event);
    case 'ChannelFeeTaken':
    case 'ChannelFeeReturned':
      return feeRequest(event);
    case 'ChannelSettled':
      return settlementRequest(event);
    case 'UpstreamBillPaid':
      return billRequest(event);
  }
}

function creditRequest(event: EventOf<typeof TopUpSettled>): PostRequest {
  const { topUpId, customerId, channel, paid, providerReference, paidAt } = event.data;
  return {
    bookId: bookOf(customerId),
    command: {
      ...commandOf(event, { occurredAt: paidAt, currency: paid.currency }),
      type: 'credit-top-up',
      topUpId,
      channel,
      amount: Units18.fromText(paid.amount),
      providerReference,
    },
  };
}

function assignRequest(event: EventOf<typeof SuspenseAssigned>): PostRequest {
  const { suspenseId, topUpId, customerId, channel, amount, occurredAt } = event.data;
  return {
    bookId: bookOf(customerId),
    command: {
      ...commandOf(event, { occurredAt, currency: amount.currency }),
      type: 'assign-suspense',
      suspenseId,
      topUpId,
      channel,
      amount: Units18.fromText(amount.amount),
    },
  };
}

function suspenseRequest(event: SuspenseEvent): PostRequest {
  const { suspenseId, bookId, channel, amount, occurredAt } = event.data;
  return {
    bookId: platformBookOf(bookId),
    command: {
      ...commandOf(event, { occurredAt, currency: amount.currency }),
      type: event.type === 'SuspenseReceived' ? 'receive-suspense' : 'return-suspense',
      suspenseId,
      channel,
      amount: Units18.fromText(amount.amount),
    },
  };
}

/** A fee belongs to the payment of a customer, or to the platform. */
function feeRequest(event: FeeEvent): PostRequest {
  const { feeId, bookId, channel, amount, occurredAt } = event.data;
  return {
    bookId: bookId.startsWith('platform:') ? platformBookOf(bookId) : bookOf(bookId),
    command: {
      ...commandOf(event, { occurredAt, currency: amount.currency }),
      type: event.type === 'ChannelFeeTaken' ? 'take-channel-fee' : 'return-channel-fee',
      feeId,
      channel,
      amount: Units18.fromText(amount.amount),
    },
  };
}

function settlementRequest(event: EventOf<typeof ChannelSettled>): PostRequest {
  const { settlementId, bookId, channel, bank, amount, occurredAt } = event.data;
  return {
    bookId: platformBookOf(bookId),
    command: {
      ...commandOf(event, { occurredAt, currency: amount.currency }),
      type: 'settle-to-bank',
      settlementId,
      channel,
      bank,
      amount: Units18.fromText(amount.amount),
    },
  };
}

function billRequest(event: EventOf<typeof UpstreamBillPaid>): PostRequest {
  const { billId, bookId, upstream, bank, accrued, paid, occurredAt } = event.data;
  return {
    bookId: platformBookOf(bookId),
    command: {
      ...commandOf(event, { occurredAt, currency: paid.currency }),
      type: 'pay-upstream-bill',
      billId,
      upstream,
      bank,
      accrued: Units18.fromText(accrued),
      paid: Units18.fromText(paid.amount),
    },
  };
}
