import { PriceText } from '@app/contracts';
import { type Derivation, type PricedTerms, pricesOf } from '@app/rating';
import { z } from 'zod';
import { PublishOnCard } from './price-view.ts';

const Rates = z.partialRecord(
  z.enum(['input', 'output', 'cached_input', 'cache_write', 'cache_write_1h']),
  PriceText,
);
const ListedModel = z.object({
  model: z.string(),
  provider: z.string(),
  agree: z.boolean().describe('Whether the sources of the list agree; only then is it compared or imported.'),
  usd_per_mtok: Rates,
  long_context_tiers_usd_per_mtok: z
    .array(z.object({ input_tokens_over: z.int() }).catchall(PriceText))
    .default([]),
  max_input_tokens: z.int().nullable().default(null),
  max_output_tokens: z.int().nullable().default(null),
  official_page: z.string().nullable().default(null),
});

/** Official list prices of well-known models, in dollars per million tokens. */
export const ListPrices = z.object({ as_of: z.iso.date(), models: z.array(ListedModel).max(2_000) });
export type ListPrices = z.infer<typeof ListPrices>;

/** What an import of official prices needs beside them. */
export const ListImport = PublishOnCard.pick({
  rateCardId: true,
  currency: true,
  effectiveFrom: true,
}).extend({
  ...{ fx: z.unknown(), discount: z.unknown().optional(), rounding: z.unknown().optional() },
  models: z
    .array(z.string())
    .optional()
    .describe('Only these; all that the sources agree about where left out.'),
});
export type ListImport = z.infer<typeof ListImport>;

/** Official prices as versions that are derived from them, and cost us what the list says. */
export function versionsOfList(
  { as_of: asOf, models }: ListPrices,
  given: ListImport,
): readonly PublishOnCard[] {
  const { rateCardId, currency, effectiveFrom, fx, discount, rounding, models: wanted } = given;
  return models
    .filter(({ agree, model }) => agree && (wanted?.includes(model) ?? true))
    .map((listed) => {
      const official = { currency: 'USD', asOf, source: sourceOf(listed), ...termsOf(listed) };
      const { max_input_tokens: contextTokens, max_output_tokens: outputTokens } = listed;
      return PublishOnCard.parse({
        ...{ rateCardId, model: listed.model, currency, effectiveFrom },
        derivation: { official, fx, ...(discount ? { discount } : {}), ...(rounding ? { rounding } : {}) },
        costs: [{ upstream: listed.provider, derivation: { official, fx } }],
        limits: contextTokens && outputTokens ? { contextTokens, outputTokens } : null,
      });
    });
}

const sourceOf = ({ official_page: page, model }: z.infer<typeof ListedModel>): string =>
  page ?? `list price of ${model}`;

function termsOf(listed: z.infer<typeof ListedModel>): PricedTerms {
  return {
    ...{ rates: listed.usd_per_mtok, unitPrices: {}, windows: [] },
    tiers: listed.long_context_tiers_usd_per_mtok.map(({ input_tokens_over: overInputTokens, ...rates }) => ({
      overInputTokens,
      rates: Rates.parse(rates),
    })),
  };
}

/** An official price that a seller states and the list gives otherwise. */
export interface OfficialDifference {
  readonly field: string;
  readonly stated: string;
  readonly listed: string;
  /** The day of the list; an older statement may have been true in its time. */
  readonly listedAsOf: string;
}

/** Compares the official prices that a derivation states with the list, where the list has them and its sources agree. */
export function officialDifferences(
  model: string,
  { official }: Derivation,
  list: ListPrices,
): readonly OfficialDifference[] {
  const listed = list.models.find((one) => one.model === model && one.agree);
  if (listed === undefined || official.currency !== 'USD') return [];
  const prices = new Map(pricesOf(termsOf(listed)));
  return pricesOf(official).flatMap(([field, stated]) => {
    const price = prices.get(field);
    return price === undefined || price === stated
      ? []
      : [{ field, stated, listed: price, listedAsOf: list.as_of }];
  });
}
