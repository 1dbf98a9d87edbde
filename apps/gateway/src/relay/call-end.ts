import type { CallFinished, EventOf, UnchargedReason } from '@app/contracts';
import {
  type Charge,
  normaliseUsage,
  type PriceVersion,
  rate,
  type Seen,
  type Usage,
  type UsageFamily,
} from '@app/rating';
import type { Observed } from '../endpoints/endpoint.ts';
import { isSoldByPiece } from './hold-amount.ts';

/** How the answer's way from the provider to the client ended. */
export type Passage = 'complete' | 'upstream-failed' | 'upstream-timed-out' | 'client-left' | 'hold-refused';

/** The price that was pinned when the call was admitted. */
export interface PinnedPrice {
  readonly version: PriceVersion;
  readonly admittedAt: string;
}

/** What a call came to: what is told to metering, and the charge to show where there is one. */
export interface CallEnd {
  readonly end: EventOf<typeof CallFinished>['data']['end'];
  readonly charge: Charge | undefined;
}

/** What the provider said of a call's usage, whose words these are, and what was seen of the answer. */
export interface Report {
  readonly usage: unknown;
  readonly family: UsageFamily;
  readonly seen: Seen;
}

/** A call that costs what was delivered, once that is counted. */
export interface Uncounted {
  readonly source: 'counted' | 'counted_partial';
  /** Why it is not charged where it cannot be counted. */
  readonly otherwise: UnchargedReason;
}

/** What a call is charged by. */
export interface Terms {
  readonly price: PinnedPrice;
  /** Who writes the usage, and how. */
  readonly family: UsageFamily;
  /** What came before the provider failed is given away. */
  readonly waivesUpstreamErrors: boolean;
}

/**
 * Decides what a call whose answer had begun costs (rows S1 to S16 of the settlement table).
 * The provider's usage wins, however the passage ended; without it what was delivered is to be counted, and usage that
 * cannot be true is told as such and never charged.
 */
export function endOfCall(observed: Observed, passage: Passage, terms: Terms): CallEnd | Uncounted {
  // S5: nothing came out and nobody said why. We bear the input, unless the client did not wait for it.
  if (isSilent(observed) && passage !== 'client-left') {
    return uncharged(passage === 'complete' ? 'zero_completion' : reasonOf[passage]);
  }
  if (observed.usage !== undefined || observed.pictures > 0) return endByUsage(observed, terms);
  const otherwise = reasonOf[passage];
  if (terms.waivesUpstreamErrors && isUpstreamError[passage]) return uncharged(otherwise);
  return { source: passage === 'complete' ? 'counted' : 'counted_partial', otherwise };
}

const isSilent = ({ hasOutput, hasFinishReason, pictures }: Observed): boolean =>
  !hasOutput && !hasFinishReason && pictures === 0;

function endByUsage(observed: Observed, { price, family }: Terms): CallEnd {
  const { usage: told, seen } = reportOf(observed, { price, family });
  const usage = normaliseUsage(family, told, seen);
  if (!usage.accepted) return impossible(`${usage.refusal.reason}: ${usage.refusal.field}`);
  return charged(usage.events[0], price);
}

/** What a call's usage is taken from: pictures with a price each by what came, whatever tokens the provider counts. */
export function reportOf(
  { usage, hasOutput: outputText, pictures }: Observed,
  { price, family }: Pick<Terms, 'price' | 'family'>,
): Report {
  const isByPiece = pictures > 0 && isSoldByPiece(price.version);
  const seen = { outputText, ...(pictures > 0 ? { images: pictures } : {}) };
  return { usage: isByPiece ? undefined : usage, family, seen };
}

/** The end of a call that cost nothing. */
export const uncharged = (reason: UnchargedReason): CallEnd => ({
  end: { kind: 'uncharged', reason },
  charge: undefined,
});

/** Why a call without usage is not charged. A complete answer without usage is the provider's failure to report it. */
const reasonOf = {
  complete: 'upstream_failed',
  'upstream-failed': 'upstream_failed',
  'upstream-timed-out': 'upstream_timeout',
  'client-left': 'client_left_early',
  'hold-refused': 'hold_expired',
} as const satisfies Record<Passage, UnchargedReason>;

const isUpstreamError = {
  complete: false,
  'upstream-failed': true,
  'upstream-timed-out': true,
  'client-left': false,
  'hold-refused': false,
} as const satisfies Record<Passage, boolean>;

/** The end of a call that is charged for this usage, by the price that was pinned at its admission. */
export function charged(usage: Usage, { version, admittedAt }: PinnedPrice): CallEnd {
  const rated = rate(usage, version, admittedAt);
  if (!rated.accepted) return impossible(rated.refusal.code);
  const [charge] = rated.events;
  return { end: { kind: 'usage', usage: wireUsage(usage), charge: charge.amount }, charge };
}

const impossible = (reason: string): CallEnd => ({ end: { kind: 'impossible', reason }, charge: undefined });

type WireUsage = Extract<CallEnd['end'], { kind: 'usage' }>['usage'];

/** Usage as the wire has it: a kind that did not occur is absent. */
function wireUsage({ tokens, units, source, estimated }: Usage): WireUsage {
  return { tokens: present(tokens), units: present(units), source, estimated };
}

function present<Kind extends string>(counts: Readonly<Partial<Record<Kind, number | undefined>>>) {
  const entries = Object.entries(counts).filter(([, quantity]) => quantity !== undefined);
  return Object.fromEntries(entries) as Partial<Record<Kind, number>>;
}
