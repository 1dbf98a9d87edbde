import { Units18 } from '@app/money';
import {
  inputKinds,
  outputKinds,
  textKinds,
  type TokenKind,
  type UnitCounts,
  type UnitKind,
  unitKinds,
} from './kinds.ts';
import {
  chargeLimit,
  isReached,
  piecesOf,
  type PriceTable,
  tableOf,
  tiersAt,
  type TokenPrices,
  type UnitPrice,
} from './price-table.ts';
import type { PriceVersion } from './price-version.ts';
import type { RatingRefusal } from './rate.ts';

/** All that a call brings in, known before it is made. */
export interface InputBound {
  /** By an exact count, or by the bytes of the request: a token is at least one byte. */
  readonly inputTokensMax: number;
  /** The kinds that the call can use; text kinds unless it carries audio or images. */
  readonly kinds?: readonly TokenKind[];
  /** Pieces that were asked for. */
  readonly units?: UnitCounts;
}

/** The most that a call can use. */
export interface UsageBound extends InputBound {
  /** All that can come out: the number of choices times the most that each may give. */
  readonly outputTokensMax: number;
}

/** A decision whose one fact is the highest charge that the call can come to, as the text of an amount. */
export type Bounded =
  | { readonly accepted: true; readonly events: readonly [string] }
  | { readonly accepted: false; readonly refusal: RatingRefusal };

/** A decision whose one fact is a number of output tokens. */
export type Affordable =
  | { readonly accepted: true; readonly events: readonly [number] }
  | { readonly accepted: false; readonly refusal: RatingRefusal };

/**
 * What a hold must cover: every input token at the highest rate that an input kind can have, every output token
 * likewise, in the dearest tier that the input can reach. `rate` never exceeds it for usage within the bound.
 * A model without a price for what would be used is refused before the call, not after.
 */
export function bound(usage: UsageBound, version: PriceVersion, at: string): Bounded {
  const table = tableOf(version);
  const tiers = tiersAt(table, at);
  const refusal = refusalOf(usage, tiers[0], table);
  if (refusal) return { accepted: false, refusal };
  const output = BigInt(usage.outputTokensMax);
  const amounts = costsOf(usage, tiers).map((cost) => cost.input + cost.outputRate * output);
  const total = amounts.reduce((a, b) => (a > b ? a : b)) + unitsTotal(usage.units, table);
  if (total >= chargeLimit) return { accepted: false, refusal: { code: 'charge-too-large' } };
  return { accepted: true, events: [Units18.toText(Units18.of(total))] };
}

/**
 * How many output tokens an available amount can still pay for, after the whole input and the pieces; at least 0.
 * Where output is free, every number is affordable. Refused for the same reasons as `bound`.
 */
export function affordableOutputTokens(
  available: string,
  usage: InputBound,
  { version, at }: { readonly version: PriceVersion; readonly at: string },
): Affordable {
  const table = tableOf(version);
  const tiers = tiersAt(table, at);
  const refusal = refusalOf({ ...usage, outputTokensMax: 1 }, tiers[0], table);
  if (refusal) return { accepted: false, refusal };
  const left = Units18.fromText(available) - unitsTotal(usage.units, table);
  const tokens = costsOf(usage, tiers).map((cost) => affordable(left - cost.input, cost.outputRate));
  return { accepted: true, events: [Number(tokens.reduce((a, b) => (a < b ? a : b)))] };
}

const unlimited = BigInt(Number.MAX_SAFE_INTEGER);

function affordable(rest: bigint, outputRate: bigint): bigint {
  if (rest < 0n) return 0n;
  const tokens = outputRate === 0n ? unlimited : rest / outputRate;
  return tokens < unlimited ? tokens : unlimited;
}

/** What the whole input costs at most in each tier that it can reach, and what a token of output costs at most there. */
function costsOf(usage: InputBound, tiers: readonly TokenPrices[]): { input: bigint; outputRate: bigint }[] {
  const { inputTokensMax, kinds = textKinds } = usage;
  return tiers
    .filter((tier) => isReached(tier, inputTokensMax))
    .map((tier) => ({
      input: highestRate(tier, inputKinds, kinds) * BigInt(inputTokensMax),
      outputRate: highestRate(tier, outputKinds, kinds),
    }));
}

function highestRate(
  { prices }: TokenPrices,
  side: readonly TokenKind[],
  kinds: readonly TokenKind[],
): bigint {
  return side
    .filter((kind) => kinds.includes(kind))
    .map((kind) => prices[kind]?.factor ?? 0n)
    .reduce((a, b) => (a > b ? a : b), 0n);
}

function unitsTotal(counts: UnitCounts = {}, table: PriceTable): bigint {
  return unitKinds
    .map((unit) => BigInt(piecesOf(unit, counts, table)) * (table.units[unit]?.factor ?? 0n))
    .reduce((a, b) => a + b);
}

/** What a call would use, and its price if it has one. */
interface Wanted {
  readonly kind: TokenKind | UnitKind;
  readonly quantity: number;
  readonly price: UnitPrice | undefined;
}

/** Kinds that a call simply has; the other input kinds are reported only where an upstream caches, and have fallbacks. */
const freshInputKinds = ['input', 'input_audio', 'input_image'] as const;

function refusalOf(usage: UsageBound, lowest: TokenPrices, table: PriceTable): RatingRefusal | undefined {
  const { inputTokensMax, outputTokensMax, kinds = textKinds, units = {} } = usage;
  const side = (fresh: readonly TokenKind[], plain: TokenKind, quantity: number): readonly Wanted[] => {
    const named = fresh.filter((kind) => kinds.includes(kind));
    if (named.length === 0) return [{ kind: plain, quantity, price: undefined }];
    return named.map((kind) => ({ kind, quantity, price: lowest.prices[kind] }));
  };
  return firstRefusal([
    ...side(freshInputKinds, 'input', inputTokensMax),
    ...side(outputKinds, 'output', outputTokensMax),
    ...unitKinds.map((kind) => ({ kind, quantity: piecesOf(kind, units, table), price: table.units[kind] })),
  ]);
}

function firstRefusal(wanted: readonly Wanted[]): RatingRefusal | undefined {
  for (const { kind, quantity, price } of wanted) {
    if (!Number.isSafeInteger(quantity) || quantity < 0) {
      return { code: 'invalid-quantity', kind, quantity: String(quantity) };
    }
    if (quantity > 0 && price === undefined) return { code: 'unpriced-kind', kind, quantity };
  }
  return undefined;
}
