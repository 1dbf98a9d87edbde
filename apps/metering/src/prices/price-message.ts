import type { MeteringApi } from '@app/contracts';
import type { FieldChange } from './price-change.ts';
import type { ModelImpact } from './price-impact.ts';
import { PublishOnCard, type PublishedPrice } from './price-view.ts';

/** A version as gRPC carries it. */
export function versionMessage(version: PublishedPrice): MeteringApi.PriceVersion {
  const {
    rateCardId: rateCard,
    priceVersionId,
    model,
    currency,
    effectiveFrom,
    announcedAt,
    basis,
  } = version;
  return {
    ...{ priceVersionId, rateCard, model, currency, effectiveFrom, announcedAt, basis },
    effectiveTo: version.effectiveTo ?? '',
    terms: termsMessage(version),
    derivation: version.derivation === null ? undefined : derivationMessage(version.derivation),
    limits:
      version.limits === null
        ? undefined
        : {
            contextTokens: version.limits.contextTokens.toString(),
            outputTokens: version.limits.outputTokens.toString(),
          },
  };
}

type Derivation = NonNullable<PublishedPrice['derivation']>;
type Terms = Omit<Derivation['official'], 'currency' | 'asOf' | 'source'> & {
  readonly fallback?: Readonly<Record<string, string | undefined>>;
};

function termsMessage({ rates, fallback = {}, unitPrices, tiers, windows }: Terms): MeteringApi.PriceTerms {
  return {
    rates: present(rates),
    fallback: present(fallback),
    unitPrices: present(unitPrices),
    tiers: tiers.map((tier) => ({
      overInputTokens: tier.overInputTokens.toString(),
      rates: present(tier.rates),
    })),
    windows: windows.map((window) => ({ ...window, rates: present(window.rates) })),
  };
}

const derivationMessage = ({
  official,
  fx,
  discount,
  rounding,
}: Derivation): MeteringApi.PriceDerivation => ({
  officialCurrency: official.currency,
  officialAsOf: official.asOf,
  officialSource: official.source,
  official: termsMessage(official),
  fxRate: fx.rate,
  fxAsOf: fx.asOf,
  fxSource: fx.source,
  discountTimes: discount.times,
  discountDividedBy: discount.dividedBy,
  roundingMode: rounding.mode,
  roundingDecimals: rounding.decimals,
});

/** What a version changes, as gRPC carries it. */
export const changeMessage = (change: {
  readonly version: PublishedPrice;
  readonly previousPriceVersionId: string | null;
  readonly fields: readonly FieldChange[];
}): MeteringApi.PriceChange => ({
  version: versionMessage(change.version),
  previousPriceVersionId: change.previousPriceVersionId ?? '',
  fields: [...change.fields],
});

/** A predicted change, as gRPC carries it. */
export function impactMessage(impact: ModelImpact): MeteringApi.ModelImpact {
  const { rateCardId: rateCard, model, currency, from, to, calls, charged, predicted, change } = impact;
  return {
    ...{ rateCard, model, currency, from, to, calls, charged, predicted, change },
    changePercent: impact.changePercent ?? '',
  };
}

/** A proposed version out of a message; what is wrong with it is said by the same schema as at the REST door. */
export function proposedOf(message: MeteringApi.PriceProposed): PublishOnCard {
  const { rateCard: rateCardId, model, currency, effectiveFrom, basis } = message;
  const [terms, derivation, limits] = [
    given(message.terms),
    given(message.derivation),
    given(message.limits),
  ];
  const isEmpty = terms === undefined || (empty(terms.rates) && empty(terms.unitPrices));
  return PublishOnCard.parse({
    ...{ rateCardId, model, currency, effectiveFrom },
    ...(isEmpty ? {} : { ...pricedOf(terms) }),
    ...(terms === undefined || empty(terms.fallback) ? {} : { fallback: terms.fallback }),
    ...(basis === '' ? {} : { basis }),
    derivation: derivation === undefined ? null : derivationOf(derivation),
    limits:
      limits === undefined
        ? null
        : { contextTokens: Number(limits.contextTokens), outputTokens: Number(limits.outputTokens) },
    costs: message.costs.map(({ upstream, derivation: inputs }) => ({
      upstream,
      derivation: inputs ? derivationOf(inputs) : {},
    })),
  });
}

/** A message that was left out comes from the wire as null, whatever its type says. */
const given = <Message>(message: Message | undefined): Message | undefined => message ?? undefined;

const pricedOf = ({ rates, unitPrices, tiers, windows }: MeteringApi.PriceTerms) => ({
  rates,
  unitPrices,
  tiers: tiers.map((tier) => ({ ...tier, overInputTokens: Number(tier.overInputTokens) })),
  windows,
});

function derivationOf(message: MeteringApi.PriceDerivation) {
  const { fxRate, fxAsOf, fxSource, discountTimes, discountDividedBy } = message;
  const official = given(message.official);
  const [times, dividedBy] = [discountTimes || '1', discountDividedBy || '1'];
  return {
    official: {
      currency: message.officialCurrency,
      asOf: message.officialAsOf,
      source: message.officialSource,
      ...(official === undefined ? {} : pricedOf(official)),
    },
    fx: { rate: fxRate, asOf: fxAsOf, source: fxSource },
    discount: { times, dividedBy },
    ...(message.roundingMode === ''
      ? {}
      : { rounding: { mode: message.roundingMode, decimals: message.roundingDecimals } }),
  };
}

const empty = (map: Readonly<Record<string, string>>): boolean => Object.keys(map).length === 0;

const present = (prices: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(prices).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
