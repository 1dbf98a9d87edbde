import type {
  CallClosedUncharged,
  CallFinished,
  Event,
  EventOf,
  UnchargedReason,
  UsageRated,
  UsageRecorded,
} from '@app/contracts';
import { type Charge, rate, type RatingRefusal, type Usage } from '@app/rating';
import type { Customer } from '../customers/customer.ts';
import { relaySource, reportEndpoint } from '../intake/usage-report.ts';
import { type CallCost, costOf } from '../margins/call-cost.ts';
import type { PublishedVersion } from '../prices/published-version.ts';
import {
  type RelayedUsage,
  type ReportedUsage,
  usageAnyway,
  usageOfRelayed,
  usageOfReported,
} from './reported-usage.ts';

/** How a call ended: exactly one of three. */
export type Outcome =
  | { readonly outcome: 'charged'; readonly charge: Charge }
  | { readonly outcome: 'uncharged'; readonly reason: UnchargedReason }
  | { readonly outcome: 'quarantined'; readonly code: string; readonly reason: string };

/** A call that ended, ready to be written down. */
export interface EndedCall {
  readonly customerId: string;
  readonly callId: string;
  readonly source: string;
  readonly keyId: string | null;
  readonly holdId: string | null;
  readonly model: string;
  readonly endpoint: string;
  readonly priceVersionId: string | null;
  readonly rateCardId: string | null;
  /** The instant of admission: it chose the price. */
  readonly occurredAt: string;
  readonly endedAt: string;
  readonly statusCode: number | null;
  readonly usage: Usage | null;
  readonly rawUsage: string | null;
  readonly end: Outcome;
  /** What it cost us, charged or not; null where that is not known. */
  readonly cost: CallCost | null;
}

/** A call that ended, with what told of it. */
export interface ToldCall extends EndedCall {
  readonly event: Event;
}

/** The end of a relayed call, by the price version that was pinned when it was admitted. */
export function endOfRelayed(
  event: EventOf<typeof CallFinished>,
  version: PublishedVersion | undefined,
): ToldCall {
  const { data } = event;
  const { customerId, callId, keyId, holdId, model, endpoint, priceVersionId } = data;
  const reported = usageOfRelayed(data);
  return {
    ...{ customerId, callId, keyId, holdId, model, endpoint, priceVersionId, event },
    source: relaySource,
    rateCardId: version?.rateCardId ?? null,
    occurredAt: data.admittedAt,
    endedAt: data.finishedAt,
    statusCode: data.statusCode,
    usage: usageIn(reported),
    rawUsage: data.rawUsage,
    end: outcomeOfRelayed(data, reported, version),
    cost: costOf({ usage: usageAnyway(data), version, upstream: data.upstream, occurredAt: data.admittedAt }),
  };
}

/** What a reported call is rated by; undefined where there is no such customer, or no price at that time. */
export interface RatedBy {
  readonly customer: Customer | undefined;
  readonly version: PublishedVersion | undefined;
}

/** The end of a call that an internal service reported, by the price of its own time. */
export function endOfReported(event: EventOf<typeof UsageRecorded>, by: RatedBy): ToldCall {
  const { data } = event;
  const { customerId, callId, source, keyId, model, endpoint, occurredAt } = data;
  const reported = usageOfReported(data);
  return {
    ...{ customerId, callId, source, keyId, model, occurredAt, event },
    usage: usageIn(reported),
    rawUsage: data.rawUsage ?? null,
    endpoint: endpoint === '' ? reportEndpoint : endpoint,
    holdId: null,
    priceVersionId: by.version?.id ?? null,
    rateCardId: by.version?.rateCardId ?? null,
    endedAt: occurredAt,
    statusCode: null,
    end: outcomeOfReported(data, reported, by),
    cost: costOf({ usage: usageIn(reported), version: by.version, upstream: undefined, occurredAt }),
  };
}

const usageIn = (reported: RelayedUsage): Usage | null => ('usage' in reported ? reported.usage : null);

function outcomeOfReported(
  data: EventOf<typeof UsageRecorded>['data'],
  reported: ReportedUsage,
  { customer, version }: RatedBy,
): Outcome {
  const { customerId, model, occurredAt } = data;
  if ('impossible' in reported) return quarantined('impossible-usage', reported.impossible);
  if (customer === undefined) return quarantined('unknown-customer', `${customerId} was never announced`);
  if (version === undefined) {
    return quarantined(
      'no-price',
      `no price of ${model} was in force at ${occurredAt} on ${customer.rateCardId}`,
    );
  }
  if (version.currency !== customer.currency) {
    return quarantined(
      'currency-differs',
      `${version.id} is in ${version.currency}, the wallet in ${customer.currency}`,
    );
  }
  return rated(reported.usage, version, occurredAt);
}

function outcomeOfRelayed(
  { end, priceVersionId, model, admittedAt }: EventOf<typeof CallFinished>['data'],
  reported: RelayedUsage,
  version: PublishedVersion | undefined,
): Outcome {
  if ('uncharged' in reported) return { outcome: 'uncharged', reason: reported.uncharged };
  if ('impossible' in reported) return quarantined('impossible-usage', reported.impossible);
  if (version === undefined)
    return quarantined('no-price', `the price version ${priceVersionId} was never published`);
  if (version.model !== model) {
    return quarantined(
      'other-model',
      `the price version ${version.id} is for ${version.model}, not for ${model}`,
    );
  }
  const ours = rated(reported.usage, version, admittedAt);
  const shown = end.kind === 'usage' ? end.charge : 'nothing';
  if (ours.outcome !== 'charged' || ours.charge.amount === shown) return ours;
  return quarantined('charge-differs', `the gateway showed ${shown}, rating gives ${ours.charge.amount}`);
}

function rated(usage: Usage, version: PublishedVersion, at: string): Outcome {
  const decision = rate(usage, version, at);
  if (decision.accepted) return { outcome: 'charged', charge: decision.events[0] };
  return quarantined(decision.refusal.code, sentenceOf(decision.refusal));
}

/** Why a usage cannot be charged, in words. */
export function sentenceOf(refusal: RatingRefusal): string {
  switch (refusal.code) {
    case 'unpriced-kind':
      return `${refusal.quantity.toString()} of ${refusal.kind} were used, which has no price`;
    case 'invalid-quantity':
      return `${refusal.kind} was counted as ${refusal.quantity}`;
    case 'unknown-kind':
      return `${refusal.kind} is no kind of token or unit`;
    case 'charge-too-large':
      return 'the charge has more than 20 digits before the point';
  }
}

const quarantined = (code: string, reason: string): Outcome => ({
  outcome: 'quarantined',
  code,
  reason: reason.slice(0, 500),
});

/** What the ledger is told of an ended call; nothing where it is quarantined, so that its hold stays. */
export function tellingOf(
  call: EndedCall,
): EventOf<typeof UsageRated> | EventOf<typeof CallClosedUncharged> | undefined {
  switch (call.end.outcome) {
    case 'charged':
      return ratedEventOf(call, call.end.charge);
    case 'uncharged':
      return call.holdId === null
        ? undefined
        : unchargedEventOf({ ...call, holdId: call.holdId, reason: call.end.reason });
    case 'quarantined':
      return undefined;
  }
}

function ratedEventOf(call: EndedCall, charge: Charge): EventOf<typeof UsageRated> {
  const { callId, customerId, keyId, holdId, model, occurredAt } = call;
  return {
    id: `${callId}:rated`,
    type: 'UsageRated',
    source: 'haoli/metering',
    time: call.endedAt,
    subject: customerId,
    data: {
      ...{ callId, customerId, keyId, holdId, model, occurredAt },
      priceVersionId: charge.priceVersionId,
      charge: { amount: charge.amount, currency: charge.currency },
      lines: [...charge.lines],
    },
  };
}

/** A call without a charge, and the hold that is to be released. */
export interface UnchargedCall {
  readonly customerId: string;
  readonly callId: string;
  readonly holdId: string;
  readonly reason: UnchargedReason;
  readonly endedAt: string;
}

/** What the ledger is told of a call that ended without a charge. */
export function unchargedEventOf(call: UnchargedCall): EventOf<typeof CallClosedUncharged> {
  const { callId, customerId, holdId, reason, endedAt: closedAt } = call;
  return {
    id: `${callId}:uncharged`,
    type: 'CallClosedUncharged',
    source: 'haoli/metering',
    time: closedAt,
    subject: customerId,
    data: { callId, customerId, holdId, reason, closedAt },
  };
}
