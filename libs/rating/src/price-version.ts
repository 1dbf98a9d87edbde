import type { TokenKind, UnitKind } from './kinds.ts';

/** Prices per million tokens by kind, as decimal text of at most 12 decimals. `0` is free on purpose. */
export type Rates = Readonly<Partial<Record<TokenKind, string | undefined>>>;

/** Rates for calls whose whole input is strictly more than a number of tokens; they reprice the whole call. */
export interface Tier {
  readonly overInputTokens: number;
  readonly rates: Rates;
}

/** Rates for calls admitted within these hours of the day in UTC, from inclusive, to exclusive; may pass midnight. */
export interface HourWindow {
  readonly fromUtc: string;
  readonly toUtc: string;
  readonly rates: Rates;
}

/** What a model costs. Two rates, `input` and `output`, are enough. */
export interface PriceTerms {
  readonly rates: Rates;
  /** Which kind's rate serves a kind without one, said explicitly, such as `cached_input → input`. */
  readonly fallback: Readonly<Partial<Record<TokenKind, TokenKind | undefined>>>;
  /** Prices by the piece. */
  readonly unitPrices: Readonly<Partial<Record<UnitKind, string | undefined>>>;
  /** Ascending; the last one that the input exceeds replaces the rates it names. */
  readonly tiers: readonly Tier[];
  /** Without overlap; the one that holds the instant replaces the rates it names. */
  readonly windows: readonly HourWindow[];
}

/** The price of one model on one rate card from an instant on; immutable once published. */
export interface PriceVersion extends PriceTerms {
  readonly id: string;
  readonly rateCardId: string;
  readonly model: string;
  readonly currency: string;
  /** UTC, up to microseconds. In force from this very instant until the next version begins. */
  readonly effectiveFrom: string;
}

/**
 * The fallback that a version with only an input and an output rate is published with: what was cached or written to
 * a cache costs the rate of fresh input, audio and image have none. It is written into the version, never assumed later.
 */
export const twoRateFallback: Readonly<Partial<Record<TokenKind, TokenKind>>> = {
  cached_input: 'input',
  cache_write: 'input',
  cache_write_1h: 'cache_write',
  cache_write_12h: 'cache_write',
};
