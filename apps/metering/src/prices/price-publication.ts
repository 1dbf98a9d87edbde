import { canonicalText } from '@app/contracts';
import { accept, type Decision, refuse } from '@app/decider';
import {
  auditDerivation,
  compareInstants,
  type Derivation,
  type PriceProblem,
  problemsOfDerivation,
  problemsOfPrice,
} from '@app/rating';
import type { PublishedVersion } from './published-version.ts';

/** A version that someone wants to publish; it has no id and no announcement yet. */
export type ProposedVersion = Omit<PublishedVersion, 'id' | 'announcedAt' | 'publishedBy' | 'proposalId'>;

/** What the card looks like when the proposal comes. */
export interface CardState {
  /** Every version of the card, of any model. */
  readonly versions: readonly PublishedVersion[];
  /** Whether a call was ever rated on the card. */
  readonly rated: boolean;
  /** Whether a call may be admitted by it: someone has it, or a call was rated on it. */
  readonly inUse: boolean;
  /** The database's clock. */
  readonly now: string;
  /** The first instant at which a price that is in use may change: every gateway knows the change by then. */
  readonly earliestChange: string;
}

/** Why a version is not published. */
export type PublicationRefusal =
  | { readonly code: 'invalid-price'; readonly problems: readonly PriceProblem[] }
  | { readonly code: 'price-in-the-past'; readonly effectiveFrom: string; readonly now: string }
  | { readonly code: 'price-too-soon'; readonly effectiveFrom: string; readonly earliest: string }
  | { readonly code: 'other-currency'; readonly currency: string; readonly cardCurrency: string }
  | { readonly code: 'price-exists'; readonly priceVersionId: string }
  | { readonly code: 'twice-in-request' };

/**
 * Decides whether a version may be published. Accepted without events where the very same version was published before.
 * A price never begins in the past, except a model's first one on a card on which no call was rated yet: a trace that
 * is sent again keeps its own times, and no call that was made is charged otherwise than by the price of its time.
 * A price in use changes only after the announced lead, so that no gateway can still admit calls by the old one.
 */
export function publication(
  proposed: ProposedVersion,
  card: CardState,
): Decision<ProposedVersion, PublicationRefusal> {
  const problems = problemsOf(proposed);
  if (problems.length > 0) return refuse({ code: 'invalid-price', problems });
  const other = card.versions.find(({ currency }) => currency !== proposed.currency);
  if (other)
    return refuse({ code: 'other-currency', currency: proposed.currency, cardCurrency: other.currency });
  const sameModel = card.versions.filter(({ model }) => model === proposed.model);
  const sameStart = sameModel.find((v) => compareInstants(v.effectiveFrom, proposed.effectiveFrom) === 0);
  if (sameStart) {
    return contentText(sameStart) === contentText(proposed)
      ? accept()
      : refuse({ code: 'price-exists', priceVersionId: sameStart.id });
  }
  const untimely = refusalOfTime(proposed.effectiveFrom, card, sameModel.length === 0);
  return untimely === undefined ? accept(proposed) : refuse(untimely);
}

function refusalOfTime(
  effectiveFrom: string,
  { rated, inUse, now, earliestChange: earliest }: CardState,
  isFirst: boolean,
): PublicationRefusal | undefined {
  if (compareInstants(effectiveFrom, now) < 0)
    return isFirst && !rated ? undefined : { code: 'price-in-the-past', effectiveFrom, now };
  if (isFirst || !inUse || compareInstants(effectiveFrom, earliest) >= 0) return undefined;
  return { code: 'price-too-soon', effectiveFrom, earliest };
}

function problemsOf(proposed: ProposedVersion): readonly PriceProblem[] {
  const { basis, derivation, costs } = proposed;
  return [
    ...problemsOfPrice(proposed),
    ...(derivation === null ? [] : problemsOfInputs(derivation, '')),
    ...(basis === 'derived' ? problemsOfFollowing(proposed, derivation) : []),
    ...costs.flatMap((cost, index) => {
      const place = `costs.${index.toString()}.`;
      const terms = problemsOfPrice(cost.terms).map((problem) => ({
        ...problem,
        field: place + problem.field,
      }));
      return [...terms, ...problemsOfInputs(cost.derivation, place)];
    }),
  ];
}

const problemsOfInputs = (derivation: Derivation, place: string): readonly PriceProblem[] =>
  problemsOfDerivation(derivation).map((problem) => ({ ...problem, field: place + problem.field }));

function problemsOfFollowing(
  proposed: ProposedVersion,
  derivation: Derivation | null,
): readonly PriceProblem[] {
  if (derivation === null) return [{ code: 'does-not-follow', field: 'derivation' }];
  if (problemsOfDerivation(derivation).length > 0 || problemsOfPrice(proposed).length > 0) return [];
  return auditDerivation(proposed, derivation).map(({ field, computed }) => ({
    code: 'does-not-follow',
    field,
    ...(computed === null ? {} : { computed }),
  }));
}

/** Prices, limits and inputs as text that does not depend on the order in which they were written. */
export const contentText = (version: ProposedVersion): string => {
  const { rates, fallback, unitPrices, tiers, windows, limits, basis, derivation, costs } = version;
  return canonicalText([rates, fallback, unitPrices, tiers, windows, limits, basis, derivation, costs]);
};
