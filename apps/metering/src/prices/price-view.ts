import {
  Code,
  CurrencyCode,
  Id,
  InstantText,
  ModelName,
  PriceBasis,
  PriceDerivation,
  PriceTerms,
  PriceVersionPublished,
} from '@app/contracts';
import {
  type Derivation,
  derive,
  type PriceTerms as Terms,
  problemsOfDerivation,
  twoRateFallback,
} from '@app/rating';
import { z } from 'zod';
import type { ProposedVersion } from './price-publication.ts';
import type { PublishedVersion, UpstreamTerms } from './published-version.ts';

const terms = PriceTerms.shape;
const limits = PriceVersionPublished.schema.shape.limits;

const UpstreamCost = z.strictObject({
  upstream: Code,
  derivation: PriceDerivation.describe(
    'The supplier’s own price, and what it comes to in the card’s currency.',
  ),
  fallback: terms.fallback.optional(),
});

/** A version to publish. Two rates, `input` and `output`, are enough; or a derivation, from which they follow. */
export const PublishPrice = z.strictObject({
  model: ModelName,
  currency: CurrencyCode,
  effectiveFrom: InstantText.describe(
    'In force from this very instant until the next version of the model begins.',
  ),
  rates: terms.rates.optional().describe('Left out: what the derivation gives.'),
  fallback: terms.fallback
    .optional()
    .describe('Left out: what was cached or written to a cache costs the rate of fresh input.'),
  unitPrices: terms.unitPrices.optional(),
  tiers: terms.tiers.optional(),
  windows: terms.windows.optional(),
  basis: PriceBasis.optional().describe(
    '`derived` where there is a derivation, unless you say `listed`: then its inputs are only stated, and the audit compares.',
  ),
  derivation: PriceDerivation.nullable().default(null),
  costs: z
    .array(UpstreamCost)
    .max(8)
    .default([])
    .describe('What upstreams charge us; never shown to customers.'),
  limits: limits.default(null),
});
export type PublishPrice = z.infer<typeof PublishPrice>;

/** A version to publish, with the card that it is for: one item of a file. */
export const PublishOnCard = PublishPrice.extend({ rateCardId: Code });
export type PublishOnCard = z.infer<typeof PublishOnCard>;

/** A published version, as everyone may see it. */
export const PublishedPrice = z.object({
  priceVersionId: Id,
  rateCardId: z.string(),
  model: ModelName,
  currency: CurrencyCode,
  effectiveFrom: InstantText,
  effectiveTo: InstantText.nullable().describe('Where the next version begins; null for the last one.'),
  announcedAt: InstantText,
  ...terms,
  basis: PriceBasis,
  derivation: PriceDerivation.nullable(),
  limits,
});
export type PublishedPrice = z.infer<typeof PublishedPrice>;

/** A published version, as those may see it who publish. */
export const PriceVersionView = PublishedPrice.extend({
  costs: z.array(z.object({ upstream: Code, derivation: PriceDerivation, terms: PriceTerms })),
  publishedBy: z.string().nullable(),
  proposalId: z.string().nullable(),
});
export type PriceVersionView = z.infer<typeof PriceVersionView>;

/** Prices in force and announced. */
export const Pricing = z.object({ versions: z.array(PublishedPrice) });
export type Pricing = z.infer<typeof Pricing>;

/** One announced version and what it changes. */
export const PriceChangeView = z.object({
  version: PublishedPrice,
  previousPriceVersionId: Id.nullable().describe(
    'The version that it takes over from; null for a model’s first.',
  ),
  fields: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })),
});
export type PriceChangeView = z.infer<typeof PriceChangeView>;
/** Announcements, the latest first. */
export const PriceChanges = z.object({ changes: z.array(PriceChangeView), nextCursor: z.string() });
export type PriceChanges = z.infer<typeof PriceChanges>;

/** The version that a request proposes for a card. Prices that are left out are what the derivation gives. */
export function proposedVersionOf(rateCardId: string, body: PublishPrice): ProposedVersion {
  const { model, currency, effectiveFrom, derivation } = body;
  const derived = derivedTerms(derivation);
  const priced = {
    rates: body.rates ?? derived.rates,
    unitPrices: body.unitPrices ?? derived.unitPrices,
    tiers: body.tiers ?? derived.tiers,
    windows: body.windows ?? derived.windows,
  };
  return {
    ...{ rateCardId, model, currency, effectiveFrom, derivation, limits: body.limits },
    ...priced,
    fallback: body.fallback ?? assumedFallback(priced.rates),
    basis: body.basis ?? (derivation === null ? 'listed' : 'derived'),
    costs: body.costs.map(upstreamTermsOf),
  };
}

function upstreamTermsOf({ upstream, derivation, fallback }: PublishPrice['costs'][number]): UpstreamTerms {
  const priced = derivedTerms(derivation);
  return { upstream, derivation, terms: { ...priced, fallback: fallback ?? assumedFallback(priced.rates) } };
}

/** What the inputs give; nothing where they have problems, which the publication then names. */
function derivedTerms(derivation: Derivation | null): Omit<Terms, 'fallback'> {
  const usable = derivation !== null && problemsOfDerivation(derivation).length === 0;
  return usable ? derive(derivation) : { rates: {}, unitPrices: {}, tiers: [], windows: [] };
}

const assumedFallback = ({ input }: Terms['rates']): Terms['fallback'] =>
  input === undefined ? {} : twoRateFallback;

/** The view of a version for everyone: what it costs, never what it costs us. */
export function viewOf(version: PublishedVersion, effectiveTo: string | null): PublishedPrice {
  const { id, ...rest } = version;
  return PublishedPrice.parse({ priceVersionId: id, effectiveTo, ...rest });
}

/** The whole of a version. */
export function wholeViewOf(version: PublishedVersion, effectiveTo: string | null): PriceVersionView {
  const { id, ...rest } = version;
  return PriceVersionView.parse({ priceVersionId: id, effectiveTo, ...rest });
}
