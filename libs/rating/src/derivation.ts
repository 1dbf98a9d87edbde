import { invariant } from '@app/decider';
import { PriceUnits } from '@app/money';
import type { PriceProblem } from './price-problems.ts';
import type { PriceTerms } from './price-version.ts';

const priceDecimals = 12;
/** Figures are counts of 10⁻¹²: three factors over one divisor leave two of them, of which a price is one. */
const unit = 10n ** 12n;

/** How a derived price is rounded, once, when it is published. */
export const roundingModes = ['half-up', 'half-even', 'up', 'down'] as const;
export type RoundingMode = (typeof roundingModes)[number];

/** What a derivation prices: everything of the terms but the fallbacks, which are the seller's own. */
export type PricedTerms = Pick<PriceTerms, 'rates' | 'unitPrices' | 'tiers' | 'windows'>;

/** A price as the one whose price it is announces it, in its own currency. */
export interface OfficialPrice extends PricedTerms {
  readonly currency: string;
  /** The day on which it was read, such as `2026-11-22`. */
  readonly asOf: string;
  /** Where it was read. */
  readonly source: string;
}

/** What one unit of the official currency costs in the currency of the card. */
export interface ExchangeRate {
  readonly rate: string;
  readonly asOf: string;
  readonly source: string;
}

/** The inputs from which prices follow: official × exchange rate × times ÷ dividedBy, rounded once. */
export interface Derivation {
  readonly official: OfficialPrice;
  readonly fx: ExchangeRate;
  /** A ratio, so that 1 ÷ 3.05 is kept as it is meant and not as a decimal. */
  readonly discount: { readonly times: string; readonly dividedBy: string };
  /** Decimals are those of a price per million tokens or per piece; at most 12. */
  readonly rounding: { readonly mode: RoundingMode; readonly decimals: number };
}

/** The prices that follow from the inputs, each rounded once. Inputs with problems are an InvariantViolation. */
export function derive(derivation: Derivation): PricedTerms {
  const { rates, unitPrices, tiers, windows } = derivation.official;
  const of = (official: string): string =>
    roundedPrice(exactPrice(official, derivation), derivation.rounding);
  return {
    rates: eachPrice(rates, of),
    unitPrices: eachPrice(unitPrices, of),
    tiers: tiers.map((tier) => ({ ...tier, rates: eachPrice(tier.rates, of) })),
    windows: windows.map((window) => ({ ...window, rates: eachPrice(window.rates, of) })),
  };
}

/** A price before it is rounded, as a fraction of counts of 10⁻¹². */
export interface ExactPrice {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What an official price comes to, exactly. */
export function exactPrice(
  official: string,
  { fx, discount }: Pick<Derivation, 'fx' | 'discount'>,
): ExactPrice {
  const figures = [official, fx.rate, discount.times].map((text) => PriceUnits.fromText(text) as bigint);
  const divisor = PriceUnits.fromText(discount.dividedBy);
  invariant(divisor > 0n, 'a discount never divides by zero');
  return {
    numerator: figures.reduce((product, figure) => product * figure, 1n),
    denominator: divisor * unit,
  };
}

/** A fraction as a price, rounded to decimals. */
export function roundedPrice(exact: ExactPrice, { mode, decimals }: Derivation['rounding']): string {
  invariant(isDecimals(decimals), 'a price has 0 to 12 decimals');
  const step = 10n ** BigInt(priceDecimals - decimals);
  const denominator = exact.denominator * step;
  const whole = exact.numerator / denominator;
  const rest = exact.numerator % denominator;
  return PriceUnits.toText(((whole + addition(mode, { whole, rest, denominator })) * step) as PriceUnits);
}

/** A fraction as text, cut to 12 decimals: for people who compare; the ellipsis says that it goes on. */
export function exactText(exact: ExactPrice): string {
  const text = roundedPrice(exact, { mode: 'down', decimals: priceDecimals });
  return exact.numerator % exact.denominator === 0n ? text : `${text}…`;
}

/** Everything that is wrong with the inputs; empty where prices can be derived from them. */
export function problemsOfDerivation({
  official,
  fx,
  discount,
  rounding,
}: Derivation): readonly PriceProblem[] {
  const figures = {
    'fx.rate': fx.rate,
    'discount.times': discount.times,
    'discount.dividedBy': discount.dividedBy,
  };
  return [
    ...pricesOf(official).flatMap(([field, price]) => problemOfFigure(`derivation.official.${field}`, price)),
    ...Object.entries(figures).flatMap(([field, figure]) => problemOfFigure(`derivation.${field}`, figure)),
    ...['fx.rate', 'discount.dividedBy']
      .filter((field) => /^0(?:\.0+)?$/.test(figures[field as 'fx.rate']))
      .map((field): PriceProblem => ({ code: 'zero-input', field: `derivation.${field}` })),
    ...(isDecimals(rounding.decimals)
      ? []
      : [{ code: 'invalid-decimals', field: 'derivation.rounding.decimals' } as const]),
  ];
}

/** Every price of terms with its place, such as `tiers.0.rates.input`. */
export function pricesOf(terms: PricedTerms): readonly (readonly [field: string, price: string])[] {
  return [
    ...placed('rates', terms.rates),
    ...placed('unitPrices', terms.unitPrices),
    ...terms.tiers.flatMap(({ rates }, index) => placed(`tiers.${index.toString()}.rates`, rates)),
    ...terms.windows.flatMap(({ rates }, index) => placed(`windows.${index.toString()}.rates`, rates)),
  ];
}

type Prices = Readonly<Record<string, string | undefined>>;

const placed = (place: string, prices: Prices) =>
  Object.entries(prices).flatMap(([kind, price]) =>
    price === undefined ? [] : [[`${place}.${kind}`, price] as const],
  );

const eachPrice = (prices: Prices, of: (official: string) => string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(prices).flatMap(([kind, price]) => (price === undefined ? [] : [[kind, of(price)]])),
  );

function problemOfFigure(field: string, figure: string): readonly PriceProblem[] {
  const problem = PriceUnits.problemOf(figure);
  return problem === undefined ? [] : [{ code: 'invalid-price', field, problem }];
}

interface Remainder {
  readonly whole: bigint;
  readonly rest: bigint;
  readonly denominator: bigint;
}

/** One where the remainder is rounded up, else none. Prices are never negative. */
function addition(mode: RoundingMode, { whole, rest, denominator }: Remainder): bigint {
  if (rest === 0n || mode === 'down') return 0n;
  if (mode === 'up') return 1n;
  const twice = rest * 2n;
  if (twice === denominator) return mode === 'half-up' || whole % 2n === 1n ? 1n : 0n;
  return twice > denominator ? 1n : 0n;
}

const isDecimals = (decimals: number): boolean =>
  Number.isInteger(decimals) && decimals >= 0 && decimals <= priceDecimals;
