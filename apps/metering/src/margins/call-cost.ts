import { rate, type Usage } from '@app/rating';
import type { PublishedVersion } from '../prices/published-version.ts';

/** What one call cost us at an upstream, in the currency of its card. */
export interface CallCost {
  readonly upstream: string;
  readonly currency: string;
  readonly amount: string;
}

/** What a call used and by what it is rated; `upstream` where the call says who served it. */
export interface CostedUsage {
  readonly usage: Usage | null;
  readonly version: PublishedVersion | undefined;
  readonly upstream: string | undefined;
  readonly occurredAt: string;
}

/**
 * What a call cost us, charged or not: the usage by the price of the upstream that served it, or of the version's first one.
 * Null where it is not known: no usage, no such price, or a kind that the upstream's price does not name. Never zero by accident.
 */
export function costOf({ usage, version, upstream, occurredAt }: CostedUsage): CallCost | null {
  if (usage === null || version === undefined) return null;
  const cost = version.costs.find((one) => one.upstream === upstream) ?? version.costs[0];
  if (cost === undefined) return null;
  const { id, rateCardId, model, currency, effectiveFrom } = version;
  // The terms are one object for as long as the version is in memory, so what is made of them is made once.
  const priced = pricedTerms(cost.terms, { id, rateCardId, model, currency, effectiveFrom });
  const rated = rate(usage, priced, occurredAt);
  if (!rated.accepted) return null;
  return { upstream: cost.upstream, currency, amount: rated.events[0].amount };
}

type Terms = PublishedVersion['costs'][number]['terms'];
type Place = Pick<PublishedVersion, 'id' | 'rateCardId' | 'model' | 'currency' | 'effectiveFrom'>;
const priced = new WeakMap<Terms, Terms & Place>();

function pricedTerms(terms: Terms, place: Place): Terms & Place {
  const known = priced.get(terms) ?? { ...terms, ...place };
  priced.set(terms, known);
  return known;
}
