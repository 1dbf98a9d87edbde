import { CurrencyCode, Id, InstantText, ModelName, PriceTerms, PriceVersionPublished } from '@app/contracts';
import { twoRateFallback } from '@app/rating';
import { z } from 'zod';
import type { ProposedVersion } from './price-publication.ts';
import type { PublishedVersion } from './published-version.ts';

const terms = PriceTerms.shape;

/** A version to publish. Two rates, `input` and `output`, are enough. */
export const PublishPrice = z.strictObject({
  model: ModelName,
  currency: CurrencyCode,
  effectiveFrom: InstantText.describe(
    'In force from this very instant until the next version of the model begins.',
  ),
  rates: terms.rates.default({}),
  fallback: terms.fallback
    .optional()
    .describe('Left out: what was cached or written to a cache costs the rate of fresh input.'),
  unitPrices: terms.unitPrices.default({}),
  tiers: terms.tiers.default([]),
  windows: terms.windows.default([]),
  limits: PriceVersionPublished.schema.shape.limits.default(null),
});
export type PublishPrice = z.infer<typeof PublishPrice>;

/** A published version, as it is shown. */
export const PublishedPrice = z.object({
  priceVersionId: Id,
  rateCardId: z.string(),
  model: ModelName,
  currency: CurrencyCode,
  effectiveFrom: InstantText,
  announcedAt: InstantText,
  ...terms,
  limits: PriceVersionPublished.schema.shape.limits,
});
export type PublishedPrice = z.infer<typeof PublishedPrice>;

/** Prices in force and announced. */
export const Pricing = z.object({ versions: z.array(PublishedPrice) });
export type Pricing = z.infer<typeof Pricing>;

/** The version that a request proposes for a card. */
export function proposedVersionOf(rateCardId: string, body: PublishPrice): ProposedVersion {
  const { fallback, ...rest } = body;
  const assumed = body.rates.input === undefined ? {} : twoRateFallback;
  return { rateCardId, ...rest, fallback: fallback ?? assumed };
}

/** The view of a version. */
export function viewOf(version: PublishedVersion): PublishedPrice {
  const { id, ...rest } = version;
  return PublishedPrice.parse({ priceVersionId: id, ...rest });
}
