import { Code, InstantText, type MeteringApi } from '@app/contracts';
import { Money, type Plan, toCredits } from '@app/money';
import { z } from 'zod';
import type { PublishedPrice } from '../prices/price-list.ts';

const Rates = z.record(z.string(), z.string());
const ModelPrice = z.object({
  rate_card: z.string(),
  model: z.string(),
  price_version: z.string(),
  effective_from: z.string(),
  currency: z.string(),
  rates: Rates.describe('Per million tokens, by kind.'),
  credits_per_token: Rates.optional().describe('The same in credits of your plan, for one token.'),
  unit_prices: Rates.describe('Per piece.'),
  credits_per_unit: Rates.optional(),
  tiers: z.array(z.object({ over_input_tokens: z.int(), rates: Rates })),
  hour_windows: z.array(z.object({ from_utc: z.string(), to_utc: z.string(), rates: Rates })),
});
/** Prices in force. */
export const Pricing = z.object({ object: z.literal('list'), data: z.array(ModelPrice) });
export type Pricing = z.infer<typeof Pricing>;

const Change = z.object({
  price_version: z.string(),
  previous_price_version: z.string().nullable().describe('Null for a model’s first price.'),
  rate_card: z.string(),
  model: z.string(),
  currency: z.string(),
  announced_at: z.string(),
  effective_from: z.string(),
  changes: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })),
});

/** Announcements, the latest first. */
export const PriceChanges = z.object({
  object: z.literal('list'),
  data: z.array(Change),
  has_more: z.boolean(),
  next_page: z.string().nullable(),
});
export type PriceChanges = z.infer<typeof PriceChanges>;

/** Which card: a public one, or without saying so every public one; with a key, the card of the key. */
export const CardQuery = z.object({ card: Code.optional() });
export type CardQuery = z.infer<typeof CardQuery>;

/** Which announcements. */
export const ChangesQuery = CardQuery.extend({
  since: InstantText.optional().describe('Announced at this instant or later.'),
  limit: z.coerce.number().int().min(1).max(500).optional(),
  page: z.string().max(200).optional().describe('next_page of the page before.'),
});
export type ChangesQuery = z.infer<typeof ChangesQuery>;

const creditDigits = 12;
const tokensPerRate = 1_000_000n;

/** The announcements as customers see them. */
export const changesOf = (page: MeteringApi.ListPriceChangesResponse): PriceChanges => ({
  object: 'list',
  data: page.changes.flatMap(({ version, previousPriceVersionId, fields }) =>
    version
      ? [
          {
            price_version: version.priceVersionId,
            previous_price_version: previousPriceVersionId || null,
            rate_card: version.rateCard,
            model: version.model,
            currency: version.currency,
            announced_at: version.announcedAt,
            effective_from: version.effectiveFrom,
            changes: fields,
          },
        ]
      : [],
  ),
  has_more: page.nextCursor !== '',
  next_page: page.nextCursor || null,
});

/** A price in force, in the card's currency; in credits of a plan where there is one. */
export function priceOf(price: PublishedPrice, plan?: Plan): z.infer<typeof ModelPrice> {
  const { currency } = price;
  return {
    rate_card: price.rateCardId,
    model: price.model,
    price_version: price.id,
    effective_from: price.effectiveFrom,
    currency,
    rates: present(price.rates),
    ...(plan === undefined ? {} : creditsOf(price, plan)),
    unit_prices: present(price.unitPrices),
    tiers: price.tiers.map((tier) => ({
      over_input_tokens: tier.overInputTokens,
      rates: present(tier.rates),
    })),
    hour_windows: price.windows.map(({ fromUtc, toUtc, rates }) => ({
      from_utc: fromUtc,
      to_utc: toUtc,
      rates: present(rates),
    })),
  };
}

const creditsOf = ({ currency, rates, unitPrices }: PublishedPrice, plan: Plan) => ({
  credits_per_token: inCredits(rates, { currency, plan, per: tokensPerRate }),
  credits_per_unit: inCredits(unitPrices, { currency, plan, per: 1n }),
});

/** A version that metering listed, as far as a price list shows it. */
export const listedPrice = (version: MeteringApi.PriceVersion): PublishedPrice => ({
  id: version.priceVersionId,
  rateCardId: version.rateCard,
  model: version.model,
  currency: version.currency,
  effectiveFrom: version.effectiveFrom,
  limits: null,
  rates: version.terms?.rates ?? {},
  fallback: {},
  unitPrices: version.terms?.unitPrices ?? {},
  tiers: (version.terms?.tiers ?? []).map(({ overInputTokens, rates }) => ({
    overInputTokens: Number(overInputTokens),
    rates,
  })),
  windows: version.terms?.windows ?? [],
});

type Prices = Readonly<Record<string, string | undefined>>;

const present = (prices: Prices): Record<string, string> =>
  Object.fromEntries(
    Object.entries(prices).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

/** The price of one token or piece in credits: a plan whose amount buys so many times more is the same as a division. */
function inCredits(
  prices: Prices,
  { currency, plan, per }: { readonly currency: string; readonly plan: Plan; readonly per: bigint },
): Record<string, string> {
  const { credits, amount } = plan.creditsPer;
  const perPiece = {
    ...plan,
    creditsPer: { credits, amount: Money.of(amount, currency).times(per).toText() },
  };
  return Object.fromEntries(
    Object.entries(present(prices)).map(([kind, price]) => [
      kind,
      toCredits(Money.of(price, currency), perPiece, creditDigits).credits,
    ]),
  );
}
