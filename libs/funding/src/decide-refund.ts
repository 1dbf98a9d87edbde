import { accept, type Decider, type Decision, invariant, refuse } from '@app/decider';
import { evolveItem, planPayout, recordOutcome, submitItem } from './decide-refund-item.ts';
import { refundAmount } from './payable-amount.ts';
import type {
  Refund,
  RefundAsked,
  RefundCommand,
  RefundEvent,
  RefundItem,
  RefundItemEvent,
  RefundRefusal,
  RefundStatus,
  ReservedItem,
} from './refund.ts';

type Answer = Decision<RefundEvent, RefundRefusal>;
type Command<Type extends RefundCommand['type']> = Extract<RefundCommand, { type: Type }>;
type ItemCommand = Command<'SubmitItem' | 'RecordItemOutcome' | 'PlanPayout'>;

/**
 * The life of a refund. The ledger alone decides whether there is one and which payments it goes back to; each item is
 * then paid on its own. The refund ends when its last item does.
 */
export const refund: Decider<Refund | undefined, RefundCommand, RefundEvent, RefundRefusal> = {
  initial: undefined,
  decide(command, state) {
    if (command.type === 'RequestRefund') return request(command, state);
    if (!state) return refuse({ code: 'unknown-refund' });
    switch (command.type) {
      case 'RecordReserved':
        return recordReserved(command, state);
      case 'RecordRefused':
        return recordRefused(command, state);
      case 'SubmitItem':
      case 'RecordItemOutcome':
      case 'PlanPayout':
        return decideItem(command, state);
    }
  },
  evolve,
};

function request(
  { refundId, customerId, asked }: Command<'RequestRefund'>,
  state: Refund | undefined,
): Answer {
  const parsed = parse(asked);
  if (!parsed.accepted) return parsed;
  const requested = parsed.events.map((wanted) => ({
    type: 'RefundRequested' as const,
    refundId,
    customerId,
    asked: wanted,
  }));
  if (!state) return accept(...requested);
  const isTheSame = requested.every((event) => isSameRequest(event, state));
  return isTheSame ? accept() : refuse({ code: 'id-taken', refundId });
}

function parse(asked: Command<'RequestRefund'>['asked']): Decision<RefundAsked, RefundRefusal> {
  if (asked.kind === 'close-out') return accept<RefundAsked>(asked);
  const payable = refundAmount(asked);
  if (!payable.accepted) return payable;
  return accept(...payable.events.map((amount): RefundAsked => ({ kind: 'amount', amount })));
}

type Request = Pick<Refund, 'refundId' | 'customerId' | 'asked'>;

function isSameRequest(one: Request, other: Request): boolean {
  if (one.refundId !== other.refundId || one.customerId !== other.customerId) return false;
  if (one.asked.kind === 'close-out' || other.asked.kind === 'close-out')
    return one.asked.kind === other.asked.kind;
  return one.asked.amount.equals(other.asked.amount);
}

function recordReserved({ items }: Command<'RecordReserved'>, { status, items: known }: Refund): Answer {
  if (status === 'requested') {
    check(items);
    return accept({ type: 'RefundReserved', items });
  }
  const isRepeat =
    items.length === known.length && items.every((item) => known.some((one) => one.itemId === item.itemId));
  return isRepeat ? accept() : refuse({ code: 'wrong-status', status });
}

/** The ledger's own rules, asserted again where its answer comes in. */
function check(items: readonly ReservedItem[]): void {
  invariant(items.length > 0, 'a reservation has at least one item');
  invariant(new Set(items.map((item) => item.itemId)).size === items.length, 'an item is reserved once');
  for (const { amount } of items) {
    invariant(amount.isPositive(), 'an item has a positive amount');
    invariant(amount.floorToMinor().residue.isZero(), 'an item leaves in whole minor units');
  }
}

function recordRefused({ code, refundable }: Command<'RecordRefused'>, { status }: Refund): Answer {
  if (status === 'requested') return accept({ type: 'RefundRefused', code, refundable });
  return status === 'refused' ? accept() : refuse({ code: 'wrong-status', status });
}

function decideItem(command: ItemCommand, { items }: Refund): Answer {
  const item = items.find((candidate) => candidate.itemId === command.itemId);
  if (!item) return refuse({ code: 'unknown-item', itemId: command.itemId });
  switch (command.type) {
    case 'SubmitItem':
      return submitItem(item);
    case 'RecordItemOutcome':
      return recordOutcome(item, command.outcome);
    case 'PlanPayout':
      return planPayout(item, command.approval);
  }
}

function evolve(state: Refund | undefined, event: RefundEvent): Refund {
  if (event.type === 'RefundRequested') {
    const { refundId, customerId, asked } = event;
    return { refundId, customerId, asked, status: 'requested', refused: null, items: [] };
  }
  invariant(state !== undefined, 'a refund begins by being requested');
  if (event.type === 'RefundReserved')
    return { ...state, status: 'processing', items: event.items.map(created) };
  if (event.type === 'RefundRefused') {
    return { ...state, status: 'refused', refused: { code: event.code, refundable: event.refundable } };
  }
  return evolveItems(state, event);
}

function created({ itemId, topUpId, channel, amount }: ReservedItem): RefundItem {
  return { itemId, topUpId, channel, amount, status: 'created', providerReference: null, failureCode: null };
}

function evolveItems(state: Refund, event: RefundItemEvent): Refund {
  const items = state.items.map((item) => (item.itemId === event.itemId ? evolveItem(item, event) : item));
  return { ...state, items, status: statusOf(items) };
}

/** A refund is what its items are: it ends with the last of them. */
function statusOf(items: readonly RefundItem[]): RefundStatus {
  const paid = items.filter((item) => item.status === 'succeeded').length;
  const failed = items.filter((item) => item.status === 'failed').length;
  if (paid + failed < items.length) return 'processing';
  if (failed === 0) return 'succeeded';
  return paid === 0 ? 'failed' : 'partially_succeeded';
}
