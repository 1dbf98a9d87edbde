import {
  channelBookOf,
  type ChannelFeeReturned,
  type ChannelFeeTaken,
  type ChannelSettled,
  type EventOf,
  type ExternalRefundFound,
  type SuspenseAssigned,
  type SuspenseReceived,
  type SuspenseReturned,
  type TopUpSettled,
} from '@app/contracts';
import type { Money } from '@app/money';

const source = 'haoli/payments';

/** Money in suspense, or a part of it, at an instant. */
export interface SuspendedMoney {
  readonly suspenseId: string;
  readonly channel: string;
  readonly amount: Money;
  readonly occurredAt: string;
}

/** Money came in and is nobody's yet. */
export function suspenseReceived(money: SuspendedMoney): EventOf<typeof SuspenseReceived> {
  const { suspenseId, channel, amount, occurredAt } = money;
  const bookId = channelBookOf(amount.currency);
  return {
    ...{ id: `${suspenseId}:received`, type: 'SuspenseReceived', source, time: occurredAt, subject: bookId },
    data: { suspenseId, bookId, channel, amount: amount.toJSON(), occurredAt },
  };
}

/** A part of it is a customer's: it becomes this top-up. */
export function suspenseAssigned(
  money: SuspendedMoney & { readonly topUpId: string; readonly customerId: string },
): EventOf<typeof SuspenseAssigned> {
  const { suspenseId, topUpId, customerId, channel, amount, occurredAt } = money;
  return {
    ...{ id: `${topUpId}:assigned`, type: 'SuspenseAssigned', source, time: occurredAt, subject: customerId },
    data: { suspenseId, topUpId, customerId, channel, amount: amount.toJSON(), occurredAt },
  };
}

/** A part of it went back; `number` is that of the payout or refund that carried it. */
export function suspenseReturned(
  money: SuspendedMoney & { readonly number: string },
): EventOf<typeof SuspenseReturned> {
  const { suspenseId, number, channel, amount, occurredAt } = money;
  const bookId = channelBookOf(amount.currency);
  return {
    ...{ id: `${number}:returned`, type: 'SuspenseReturned', source, time: occurredAt, subject: bookId },
    data: { suspenseId, bookId, channel, amount: amount.toJSON(), occurredAt },
  };
}

/** A top-up that a transfer settled. */
export function transferSettled(transfer: {
  readonly topUpId: string;
  readonly customerId: string;
  readonly channel: string;
  readonly amount: Money;
  readonly reference: string;
  readonly paidAt: string;
}): EventOf<typeof TopUpSettled> {
  const { topUpId, customerId, channel, amount, reference, paidAt } = transfer;
  return {
    ...{ id: `${topUpId}:settled`, type: 'TopUpSettled', source, time: paidAt, subject: customerId },
    data: {
      ...{ topUpId, customerId, channel, paid: amount.toJSON() },
      ...{ providerReference: reference, paidAt, late: false },
    },
  };
}

/** A movement of our own money at a channel. */
export interface ChannelMovement {
  readonly id: string;
  readonly channel: string;
  readonly amount: Money;
  readonly occurredAt: string;
}

/** A channel took a fee, or gave one back; the book is the customer's whose payment it was, or the channels'. */
export function channelFee(
  kind: 'taken' | 'returned',
  { id: feeId, channel, amount, occurredAt, bookId }: ChannelMovement & { readonly bookId: string },
): EventOf<typeof ChannelFeeTaken> | EventOf<typeof ChannelFeeReturned> {
  const data = { feeId, bookId, channel, amount: amount.toJSON(), occurredAt };
  const common = { id: `${feeId}:${kind}`, source, time: occurredAt, subject: bookId, data };
  return kind === 'taken'
    ? { ...common, type: 'ChannelFeeTaken' }
    : { ...common, type: 'ChannelFeeReturned' };
}

/** A channel gave a customer's payment back without us. The id follows from the provider's number, so that it is found once. */
export function externalRefund(found: {
  readonly externalRefundId: string;
  readonly topUpId: string;
  readonly customerId: string;
  readonly channel: string;
  readonly amount: Money;
  readonly occurredAt: string;
}): EventOf<typeof ExternalRefundFound> {
  const { externalRefundId, customerId, amount, occurredAt, ...rest } = found;
  return {
    ...{ id: `${externalRefundId}:found`, type: 'ExternalRefundFound', source, time: occurredAt },
    subject: customerId,
    data: { externalRefundId, customerId, ...rest, amount: amount.toJSON(), occurredAt },
  };
}

/** A channel paid our money out to our bank. */
export function channelSettled(
  { id: settlementId, channel, amount, occurredAt }: ChannelMovement,
  bank: string,
): EventOf<typeof ChannelSettled> {
  const bookId = channelBookOf(amount.currency);
  return {
    ...{ id: `${settlementId}:settled`, type: 'ChannelSettled', source, time: occurredAt, subject: bookId },
    data: { settlementId, bookId, channel, bank, amount: amount.toJSON(), occurredAt },
  };
}
