import { canonicalText } from '@app/contracts';
import { accept, type Decision, refuse } from '@app/decider';
import { compareInstants, type PriceProblem, problemsOfPrice } from '@app/rating';
import type { PublishedVersion } from './published-version.ts';

/** A version that someone wants to publish; it has no id and no announcement yet. */
export type ProposedVersion = Omit<PublishedVersion, 'id' | 'announcedAt'>;

/** What the card looks like when the proposal comes. */
export interface CardState {
  /** Every version of the card, of any model. */
  readonly versions: readonly PublishedVersion[];
  /** Whether a call was ever rated on the card. */
  readonly rated: boolean;
  /** The database's clock. */
  readonly now: string;
}

/** Why a version is not published. */
export type PublicationRefusal =
  | { readonly code: 'invalid-price'; readonly problems: readonly PriceProblem[] }
  | { readonly code: 'price-in-the-past'; readonly effectiveFrom: string; readonly now: string }
  | { readonly code: 'other-currency'; readonly currency: string; readonly cardCurrency: string }
  | { readonly code: 'price-exists'; readonly priceVersionId: string };

/**
 * Decides whether a version may be published. Accepted without events where the very same version was published before.
 * A price never begins in the past, except a model's first one on a card on which no call was rated yet: a trace that
 * is sent again keeps its own times, and no call that was made is charged otherwise than by the price of its time.
 */
export function publication(
  proposed: ProposedVersion,
  { versions, rated, now }: CardState,
): Decision<ProposedVersion, PublicationRefusal> {
  const problems = problemsOfPrice(proposed);
  if (problems.length > 0) return refuse({ code: 'invalid-price', problems });
  const other = versions.find(({ currency }) => currency !== proposed.currency);
  if (other)
    return refuse({ code: 'other-currency', currency: proposed.currency, cardCurrency: other.currency });
  const sameModel = versions.filter(({ model }) => model === proposed.model);
  const sameStart = sameModel.find((v) => compareInstants(v.effectiveFrom, proposed.effectiveFrom) === 0);
  if (sameStart) {
    return termsText(sameStart) === termsText(proposed)
      ? accept()
      : refuse({ code: 'price-exists', priceVersionId: sameStart.id });
  }
  const firstOfUnusedCard = sameModel.length === 0 && !rated;
  if (compareInstants(proposed.effectiveFrom, now) < 0 && !firstOfUnusedCard) {
    return refuse({ code: 'price-in-the-past', effectiveFrom: proposed.effectiveFrom, now });
  }
  return accept(proposed);
}

/** Prices and limits as text that does not depend on the order in which they were written. */
const termsText = ({ rates, fallback, unitPrices, tiers, windows, limits }: ProposedVersion): string =>
  canonicalText([rates, fallback, unitPrices, tiers, windows, limits]);
