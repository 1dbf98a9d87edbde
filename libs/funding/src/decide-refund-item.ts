import { accept, type Decision, refuse } from '@app/decider';
import type { ItemOutcome, RefundItem, RefundItemEvent, RefundItemStatus, RefundRefusal } from './refund.ts';
import type { Approval } from './top-up.ts';

type Answer = Decision<RefundItemEvent, RefundRefusal>;
type Paid = Extract<ItemOutcome, { kind: 'paid' }>;
type NotPaid = Exclude<ItemOutcome, Paid>;

/** `moves` records what was learnt, `stays` changes nothing, and the others are refused aloud. */
type Reaction = 'moves' | 'stays' | 'wrong-status' | 'failed-after-paid';
type Row = Readonly<Record<NotPaid['kind'], Reaction>>;

/**
 * What an item does when the provider says anything but paid. Read a row as: an item in this status, told this.
 * `created` moves too: the provider knows best, even where our own call was never recorded.
 */
const reactions: Readonly<Record<RefundItemStatus, Row>> = {
  created: row('moves', { unknown: 'wrong-status', 'not-found': 'stays', 'no-funds': 'wrong-status' }),
  submitting: row('moves', { 'not-found': 'stays' }),
  unknown: row('moves', { unknown: 'stays', 'no-funds': 'stays' }),
  processing: row('stays', { failed: 'moves', abnormal: 'moves' }),
  queued_funds: row('stays', { processing: 'moves', failed: 'moves', abnormal: 'moves' }),
  abnormal: row('stays', { failed: 'wrong-status' }),
  // A bank pays it now: money that the provider says it keeps is on its way all the same.
  manual_payout: row('stays', { failed: 'wrong-status' }),
  succeeded: row('stays', { failed: 'failed-after-paid', abnormal: 'failed-after-paid' }),
  failed: row('stays', { processing: 'wrong-status', abnormal: 'wrong-status' }),
};

function row(otherwise: Reaction, exceptions: Partial<Row>): Row {
  const every = { processing: otherwise, failed: otherwise, unknown: otherwise, abnormal: otherwise };
  return { ...every, 'not-found': otherwise, 'no-funds': otherwise, ...exceptions };
}

/** Sends an item to the provider; sending it again with the same number changes nothing. */
export function submitItem({ itemId, status }: RefundItem): Answer {
  if (status === 'submitting') return accept();
  if (status === 'created' || status === 'queued_funds')
    return accept({ type: 'RefundItemSubmitted', itemId });
  return refuse({ code: 'wrong-status', status });
}

/** Plans to pay an item out by hand, to the account of the same name; by two people. */
export function planPayout({ itemId, status }: RefundItem, approval: Approval): Answer {
  if (approval.proposedBy === approval.approvedBy)
    return refuse({ code: 'same-person', person: approval.approvedBy });
  if (status === 'manual_payout') return accept();
  if (status === 'created' || status === 'abnormal') {
    return accept({ type: 'RefundItemPayoutPlanned', itemId, approval });
  }
  return refuse({ code: 'wrong-status', status });
}

/** Records what became of an item. The same news twice changes nothing; news against the books is refused aloud. */
export function recordOutcome(item: RefundItem, outcome: ItemOutcome): Answer {
  if (outcome.kind === 'paid') return recordPaid(item, outcome);
  const { itemId, status } = item;
  const reaction = reactions[status][outcome.kind];
  switch (reaction) {
    case 'moves':
      return accept(eventOf(itemId, outcome));
    case 'stays':
      return accept();
    case 'wrong-status':
      return refuse({ code: 'wrong-status', status });
    case 'failed-after-paid':
      return refuse({ code: 'failed-after-paid', itemId });
  }
}

function recordPaid({ itemId, status, amount }: RefundItem, outcome: Paid): Answer {
  const { providerReference, paidAt, paidFrom } = outcome;
  if (!outcome.amount.equals(amount)) {
    return refuse({
      code: 'amount-differs',
      itemId,
      expected: amount.toString(),
      paid: outcome.amount.toString(),
    });
  }
  if (status === 'succeeded')
    return paidFrom === undefined ? accept() : refuse({ code: 'paid-twice', itemId, providerReference });
  if (status === 'failed') return refuse({ code: 'paid-after-failed', itemId, providerReference });
  const from = paidFrom === undefined ? {} : { paidFrom };
  return accept({ type: 'RefundItemPaid', itemId, providerReference, paidAt, ...from });
}

function eventOf(itemId: string, outcome: NotPaid): RefundItemEvent {
  switch (outcome.kind) {
    case 'processing':
      return { type: 'RefundItemAccepted', itemId, providerReference: outcome.providerReference };
    case 'failed':
      return { type: 'RefundItemFailed', itemId, code: outcome.code, failedAt: outcome.failedAt };
    case 'unknown':
      return { type: 'RefundItemUncertain', itemId, code: outcome.code };
    case 'not-found':
      return { type: 'RefundItemSubmitted', itemId };
    case 'no-funds':
      return { type: 'RefundItemQueued', itemId };
    case 'abnormal':
      return { type: 'RefundItemAbnormal', itemId, providerReference: outcome.providerReference };
  }
}

/** The item after an event about it. */
export function evolveItem(item: RefundItem, event: RefundItemEvent): RefundItem {
  switch (event.type) {
    case 'RefundItemSubmitted':
      return { ...item, status: 'submitting', failureCode: null };
    case 'RefundItemAccepted':
      return { ...item, status: 'processing', providerReference: event.providerReference, failureCode: null };
    case 'RefundItemUncertain':
      return { ...item, status: 'unknown', failureCode: event.code };
    case 'RefundItemQueued':
      return { ...item, status: 'queued_funds' };
    case 'RefundItemAbnormal':
      return { ...item, status: 'abnormal', providerReference: event.providerReference };
    case 'RefundItemPayoutPlanned':
      return { ...item, status: 'manual_payout' };
    case 'RefundItemPaid':
      return { ...item, status: 'succeeded', providerReference: event.providerReference, failureCode: null };
    case 'RefundItemFailed':
      return { ...item, status: 'failed', failureCode: event.code };
  }
}
