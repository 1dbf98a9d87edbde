import { Units18 } from '@app/money';
import { pricesOf, type PriceVersion, rate, type Rates, type Usage } from '@app/rating';
import type { ProposedVersion } from './price-publication.ts';

/** Calls that one set of rates prices, added up: what they used, and what they were charged. */
export interface UsageSegment {
  /** How many of the tiers' thresholds the calls are above; zero is none. */
  readonly tier: number;
  /** The hour window that they were admitted in, counted from one; zero is none. */
  readonly window: number;
  readonly calls: string;
  readonly usage: Usage;
  readonly charged: string;
}

/** The calls of the last days that a version would have priced. */
export interface MeasuredUsage {
  readonly from: string;
  readonly to: string;
  /** Where the sums come from: the roll-ups, or the calls themselves where tiers, hours or requests are priced. */
  readonly method: 'roll-ups' | 'calls';
  readonly segments: readonly UsageSegment[];
}

/** What a version would have made of the calls of the last days. */
export interface ModelImpact {
  readonly rateCardId: string;
  readonly model: string;
  readonly effectiveFrom: string;
  readonly currency: string;
  readonly from: string;
  readonly to: string;
  readonly method: MeasuredUsage['method'];
  readonly calls: string;
  readonly charged: string;
  readonly predicted: string;
  readonly change: string;
  /** To two decimals, for people; null where nothing was charged. */
  readonly changePercent: string | null;
  /** What was used and would have no price: such calls would go to quarantine. */
  readonly unpriced: readonly { readonly kind: string; readonly quantity: string }[];
  /** The largest change of any price against the version before, in percent; null for a model's first version. */
  readonly priceChangePercent: string | null;
}

/** All that a publication would change, by model and in total. */
export interface PriceImpact {
  readonly models: readonly ModelImpact[];
  readonly totals: readonly {
    readonly currency: string;
    readonly charged: string;
    readonly predicted: string;
    readonly change: string;
    readonly changePercent: string | null;
  }[];
}

/** Rates the measured usage by a version, exactly, and sets it beside what was charged. */
export function impactOf(
  version: ProposedVersion,
  before: ProposedVersion | undefined,
  { from, to, method, segments }: MeasuredUsage,
): ModelImpact {
  const rated = segments.map((segment) => ratedSegment(version, segment));
  const charged = Units18.sum(segments.map((segment) => Units18.fromText(segment.charged)));
  const predicted = Units18.sum(rated.map(({ amount }) => amount));
  const { rateCardId, model, effectiveFrom, currency } = version;
  return {
    ...{ rateCardId, model, effectiveFrom, currency, from, to, method },
    calls: segments.reduce((sum, { calls }) => sum + BigInt(calls), 0n).toString(),
    ...figuresOf(charged, predicted),
    unpriced: rated.flatMap(({ unpriced }) => unpriced),
    priceChangePercent: before === undefined ? null : percentText(largestPriceChange(before, version)),
  };
}

/** The totals of each currency. */
export function totalImpact(models: readonly ModelImpact[]): PriceImpact {
  const currencies = [...new Set(models.map(({ currency }) => currency))].sort();
  const sumOf = (currency: string, field: 'charged' | 'predicted') =>
    Units18.sum(models.filter((one) => one.currency === currency).map((one) => Units18.fromText(one[field])));
  return {
    models,
    totals: currencies.map((currency) => ({
      currency,
      ...figuresOf(sumOf(currency, 'charged'), sumOf(currency, 'predicted')),
    })),
  };
}

/**
 * The models whose change is more than one person may decide: by what the calls of the last days would have cost, by what would
 * have no price at all, and where nothing was charged, by the largest change of a price. A model's first price has no limit.
 */
export function beyondLimit({ models }: PriceImpact, limitPercent: number): readonly ModelImpact[] {
  return models.filter(({ charged, change, unpriced, priceChangePercent }) => {
    if (priceChangePercent === null) return false;
    if (unpriced.length > 0) return true;
    const before = Units18.fromText(charged);
    if (before === 0n) return Math.abs(Number(priceChangePercent)) > limitPercent;
    const size = Units18.fromText(change.replace('-', ''));
    return size * 100n * percentScale > before * BigInt(Math.round(limitPercent * Number(percentScale)));
  });
}

interface RatedSegment {
  readonly amount: Units18;
  readonly unpriced: ModelImpact['unpriced'];
}

/** A segment has one rate for each kind, so the charge of its sums is the sum of its charges, to the last digit. */
function ratedSegment(version: ProposedVersion, { tier, window, usage }: UsageSegment): RatedSegment {
  const rated = rate(usage, flattened(version, tier, window), version.effectiveFrom);
  if (rated.accepted) return { amount: Units18.fromText(rated.events[0].amount), unpriced: [] };
  const { refusal } = rated;
  if (refusal.code !== 'unpriced-kind')
    throw new RangeError(`sums of calls cannot be rated: ${refusal.code}`);
  const rest = ratedSegment(version, { ...noCalls, tier, window, usage: without(usage, refusal.kind) });
  const unpriced = { kind: refusal.kind, quantity: refusal.quantity.toString() };
  return { amount: rest.amount, unpriced: [unpriced, ...rest.unpriced] };
}

const noCalls = { calls: '0', charged: '0' };

function without({ tokens, units, ...usage }: Usage, unpriced: string): Usage {
  const others = <Counts extends object>(counts: Counts): Partial<Counts> =>
    Object.fromEntries(Object.entries(counts).filter(([kind]) => kind !== unpriced)) as Partial<Counts>;
  return { ...usage, tokens: others(tokens), units: others(units) };
}

/** The version as calls of one tier and one window see it: without tiers and windows. */
function flattened(version: ProposedVersion, tier: number, window: number): PriceVersion {
  const inWindow: Rates = version.windows[window - 1]?.rates ?? {};
  const inTier: Rates = version.tiers[tier - 1]?.rates ?? {};
  const rates = { ...version.rates, ...inWindow, ...inTier };
  return { ...version, id: 'proposed', rates, tiers: [], windows: [] };
}

function figuresOf(charged: Units18, predicted: Units18) {
  const change = Units18.subtract(predicted, charged);
  return {
    charged: Units18.toText(charged),
    predicted: Units18.toText(predicted),
    change: Units18.toText(change),
    changePercent: charged === 0n ? null : percentText({ numerator: change, denominator: charged }),
  };
}

interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The change of the price that changes most; one that goes, comes or ends being free counts as 100 percent. */
function largestPriceChange(before: ProposedVersion, after: ProposedVersion): Ratio {
  const [old, fresh] = [new Map(pricesOf(before)), new Map(pricesOf(after))];
  let largest: Ratio = { numerator: 0n, denominator: 1n };
  for (const field of new Set([...old.keys(), ...fresh.keys()])) {
    const [was, is] = [old.get(field), fresh.get(field)].map((text) => Units18.fromText(text ?? '0'));
    const change = {
      numerator: Units18.subtract(is ?? Units18.zero, was ?? Units18.zero),
      denominator: was || is || 1n,
    };
    if (isLarger(change, largest)) largest = change;
  }
  return largest;
}

const size = (value: bigint): bigint => (value < 0n ? -value : value);
const isLarger = (left: Ratio, right: Ratio): boolean =>
  size(left.numerator) * right.denominator > size(right.numerator) * left.denominator;

/** A ratio in percent with two decimals, half away from zero. */
function percentText({ numerator, denominator }: Ratio): string {
  const scaled = (size(numerator) * 100n * percentScale * 2n + denominator) / (denominator * 2n);
  const digits = scaled.toString().padStart(3, '0');
  const sign = numerator < 0n && scaled > 0n ? '-' : '';
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

const percentScale = 100n;
