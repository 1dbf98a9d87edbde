import { hash } from 'node:crypto';
import { Instant } from '@app/bookkeeping';
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

/** A charge with a hold settles it. One without may wait for money, counted from when it was rated. */
function chargeRequest(event: EventOf<typeof UsageRated>, waitSeconds: number): PostRequest {
  const { callId, customerId, keyId, holdId, priceVersionId, occurredAt, charge } = event.data;
  const facts = {
    eventId: event.id,
    fingerprint: chargeFingerprint(event),
    currency: charge.currency,
    occurredAt: Instant.fromText(occurredAt),
    chargeId: callId,
    keyId,
    priceVersionId,
    charge: Units18.fromText(charge.amount),
    waitsUntil: Instant.of(Instant.fromText(event.time) + waitSeconds * 1_000_000),
    budgets: [],
  };
  const command =
    holdId === null
      ? ({ ...facts, type: 'charge-usage' } as const)
      : ({ ...facts, type: 'settle-hold', holdId, ended: 'never-seen' } as const);
  return { bookId: bookOf(customerId), command };
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
