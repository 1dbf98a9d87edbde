import { hash } from 'node:crypto';
import { type Command, Instant } from '@app/bookkeeping';
import type { CallClosedUncharged, EventOf, UpstreamCostAccrued, UsageRated } from '@app/contracts';
import { Units18 } from '@app/money';
import { bookOf, commandOf } from '../journal/command-of-event.ts';
import type { PostRequest } from '../journal/journal.ts';

/** Everything that metering tells about calls. */
export type RatedEvent =
  EventOf<typeof UsageRated> | EventOf<typeof CallClosedUncharged> | EventOf<typeof UpstreamCostAccrued>;

/** What a rated call, a call that is not charged, or the cost of a batch of calls asks of the journal. */
export function requestOfRated(event: RatedEvent, waitSeconds: number): PostRequest {
  switch (event.type) {
    case 'UsageRated':
      return chargeRequest(event, waitSeconds);
    case 'CallClosedUncharged':
      return releaseRequest(event);
    case 'UpstreamCostAccrued':
      return costRequest(event);
  }
}

type SettleCommand = Extract<Command, { readonly type: 'settle-hold' }>;

/** A charge with a hold settles it. One without may wait for money, counted from when it was rated. */
function chargeRequest(event: EventOf<typeof UsageRated>, waitSeconds: number): PostRequest {
  const { callId, customerId, keyId, holdId, priceVersionId, occurredAt, charge } = event.data;
  // The fields of a settlement, also without a hold: a spread would cost as much as reading the event.
  const command: SettleCommand = {
    type: 'settle-hold',
    eventId: event.id,
    fingerprint: chargeFingerprint(event),
    currency: charge.currency,
    occurredAt: Instant.fromText(occurredAt),
    chargeId: callId,
    keyId,
    priceVersionId,
    charge: Units18.fromText(charge.amount),
    waitsUntil: Instant.of(Instant.fromText(event.time) + waitSeconds * 1_000_000),
    budgets: noBudgets,
    holdId: holdId ?? '',
    ended: 'never-seen',
  };
  return { bookId: bookOf(customerId), command: holdId === null ? withoutHold(command) : command };
}

const noBudgets: SettleCommand['budgets'] = [];

/** A call that never had a hold is charged alone. */
function withoutHold({ holdId: _holdId, ended: _ended, ...facts }: SettleCommand): Command {
  return { ...facts, type: 'charge-usage' };
}

/** All that a rated call says, in a fixed order: charges are too many to sort the names of their fields each time. */
function chargeFingerprint({ type, subject, data }: EventOf<typeof UsageRated>): string {
  const { callId, customerId, keyId, holdId, model, priceVersionId, occurredAt, charge, lines } = data;
  const facts: unknown[] = [
    type,
    1,
    subject,
    callId,
    customerId,
    keyId,
    holdId,
    model,
    priceVersionId,
    occurredAt,
  ];
  facts.push(charge.amount, charge.currency);
  for (const { kind, quantity, unitPrice, per, amount } of lines)
    facts.push(kind, quantity, unitPrice, per, amount);
  return hash('sha256', JSON.stringify(facts));
}

function releaseRequest(event: EventOf<typeof CallClosedUncharged>): PostRequest {
  const { customerId, holdId, reason, closedAt } = event.data;
  const common = commandOf(event, { occurredAt: closedAt, currency: null });
  return {
    bookId: bookOf(customerId),
    command: { ...common, type: 'release-hold', holdId, reason, ended: 'never-seen' },
  };
}

function costRequest(event: EventOf<typeof UpstreamCostAccrued>): PostRequest {
  const { batchId, upstream, bookId, cost, calls, occurredAt } = event.data;
  const common = commandOf(event, { occurredAt, currency: cost.currency });
  return {
    bookId,
    command: {
      ...common,
      type: 'accrue-upstream-cost',
      batchId,
      upstream,
      calls,
      amount: Units18.fromText(cost.amount),
    },
  };
}
