import { type AmountProblem, PriceUnits } from '@app/money';
import { minutes } from './instant.ts';
import { type TokenKind, tokenKinds, unitKinds } from './kinds.ts';
import type { HourWindow, PriceTerms, Rates, Tier } from './price-version.ts';

/** Why terms cannot be published; closed, so that a door can translate it. */
export type PriceProblemCode =
  | 'nothing-priced'
  | 'unknown-kind'
  | 'invalid-price'
  | 'fallback-cycle'
  | 'fallback-unpriced'
  | 'invalid-threshold'
  | 'tiers-not-ascending'
  | 'invalid-hour'
  | 'empty-window'
  | 'windows-overlap'
  | 'ambiguous-rate'
  | 'zero-input'
  | 'invalid-decimals'
  | 'does-not-follow';

/** One thing that is wrong with terms, and where. */
export interface PriceProblem {
  readonly code: PriceProblemCode;
  /** Where it is, such as `tiers.0.rates.input`. */
  readonly field: string;
  /** What is wrong with a price as a number. */
  readonly problem?: AmountProblem;
  /** What its inputs give, where a price does not follow from them. */
  readonly computed?: string;
}

/** Everything that is wrong with terms, before they are published; empty where they may be. */
export function problemsOfPrice(terms: PriceTerms): readonly PriceProblem[] {
  return [
    ...problemsOfPieces(terms),
    ...problemsOfRates(terms.rates, 'rates'),
    ...terms.tiers.flatMap((tier, index) => problemsOfRates(tier.rates, `tiers.${index.toString()}.rates`)),
    ...terms.windows.flatMap((window, index) =>
      problemsOfRates(window.rates, `windows.${index.toString()}.rates`),
    ),
    ...problemsOfFallback(terms),
    ...problemsOfTiers(terms.tiers),
    ...problemsOfWindows(terms.windows),
    ...problemsOfBoth(terms),
  ];
}

const tokenKindNames: ReadonlySet<string> = new Set(tokenKinds);
const unitKindNames: ReadonlySet<string> = new Set(unitKinds);

function problemsOfPieces(terms: PriceTerms): readonly PriceProblem[] {
  const priced = Object.keys(terms.rates).length + Object.keys(terms.unitPrices).length;
  if (priced === 0) return [{ code: 'nothing-priced', field: 'rates' }];
  return problemsOfPrices(terms.unitPrices, 'unitPrices', unitKindNames);
}

function problemsOfRates(rates: Rates, field: string): readonly PriceProblem[] {
  return problemsOfPrices(rates, field, tokenKindNames);
}

function problemsOfPrices(
  prices: Readonly<Record<string, string | undefined>>,
  field: string,
  known: ReadonlySet<string>,
): readonly PriceProblem[] {
  return Object.entries(prices).flatMap(([kind, price]): readonly PriceProblem[] => {
    const where = `${field}.${kind}`;
    if (!known.has(kind)) return [{ code: 'unknown-kind', field: where }];
    const problem = PriceUnits.problemOf(price ?? '');
    return problem === undefined ? [] : [{ code: 'invalid-price', field: where, problem }];
  });
}

function problemsOfFallback(terms: PriceTerms): readonly PriceProblem[] {
  return Object.keys(terms.fallback).flatMap((kind): readonly PriceProblem[] => {
    const code = problemOfChain(terms, kind);
    return code === undefined ? [] : [{ code, field: `fallback.${kind}` }];
  });
}

/** Follows a kind's fallbacks to the first one with a rate of its own. */
function problemOfChain({ rates, fallback }: PriceTerms, start: string): PriceProblemCode | undefined {
  const passed = new Set<string>();
  for (let kind: string | undefined = start; kind !== undefined; kind = fallback[kind as TokenKind]) {
    if (!tokenKindNames.has(kind)) return 'unknown-kind';
    if (rates[kind as TokenKind] !== undefined) return undefined;
    if (passed.has(kind)) return 'fallback-cycle';
    passed.add(kind);
  }
  return 'fallback-unpriced';
}

function problemsOfTiers(tiers: readonly Tier[]): readonly PriceProblem[] {
  let last = -1;
  return tiers.flatMap(({ overInputTokens: threshold }, index): readonly PriceProblem[] => {
    const field = `tiers.${index.toString()}.overInputTokens`;
    if (!Number.isSafeInteger(threshold) || threshold < 0) return [{ code: 'invalid-threshold', field }];
    const ascending = threshold > last;
    last = threshold;
    return ascending ? [] : [{ code: 'tiers-not-ascending', field }];
  });
}

const hourOfStart = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const hourOfEnd = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;
const minutesOfDay = 24 * 60;

function problemsOfWindows(windows: readonly HourWindow[]): readonly PriceProblem[] {
  const taken = new Uint8Array(minutesOfDay);
  return windows.flatMap(({ fromUtc, toUtc }, index): readonly PriceProblem[] => {
    const field = `windows.${index.toString()}`;
    if (!hourOfStart.test(fromUtc)) return [{ code: 'invalid-hour', field: `${field}.fromUtc` }];
    if (!hourOfEnd.test(toUtc)) return [{ code: 'invalid-hour', field: `${field}.toUtc` }];
    if (fromUtc === toUtc) return [{ code: 'empty-window', field }];
    return takeMinutes(taken, fromUtc, toUtc) ? [] : [{ code: 'windows-overlap', field }];
  });
}

/** Marks the minutes of a window; false where one of them was taken before. */
function takeMinutes(taken: Uint8Array, fromUtc: string, toUtc: string): boolean {
  const from = minutes(fromUtc);
  const length = (minutes(toUtc) - from + minutesOfDay) % minutesOfDay || minutesOfDay;
  let free = true;
  for (let offset = 0; offset < length; offset += 1) {
    const minute = (from + offset) % minutesOfDay;
    if (taken[minute] === 1) free = false;
    taken[minute] = 1;
  }
  return free;
}

/** A kind that both a tier and a window reprice would have two prices at once: nobody could say which one holds. */
function problemsOfBoth({ tiers, windows }: PriceTerms): readonly PriceProblem[] {
  const byTier = new Set(tiers.flatMap((tier) => Object.keys(tier.rates)));
  return windows.flatMap((window, index) =>
    Object.keys(window.rates)
      .filter((kind) => byTier.has(kind))
      .map((kind) => ({
        code: 'ambiguous-rate' as const,
        field: `windows.${index.toString()}.rates.${kind}`,
      })),
  );
}
