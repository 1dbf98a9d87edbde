import { invariant } from '@app/decider';
import { PriceUnits } from '@app/money';
import { minuteOfDay, minutes } from './instant.ts';
import {
  inputKinds,
  type TokenCounts,
  type TokenKind,
  tokenKinds,
  type UnitCounts,
  type UnitKind,
  unitKinds,
} from './kinds.ts';
import { problemsOfPrice } from './price-problems.ts';
import type { PriceVersion, Rates } from './price-version.ts';

/** A price as a factor and as the text that a receipt shows. */
export interface UnitPrice {
  /** Multiplied by a quantity, it gives a count of 10⁻¹⁸. */
  readonly factor: bigint;
  readonly text: string;
}

/** The prices of every token kind in one tier, fallbacks resolved; a kind that is absent has no price. */
export interface TokenPrices {
  readonly overInputTokens: number | null;
  readonly prices: Readonly<Partial<Record<TokenKind, UnitPrice>>>;
}

/** The hours of a window and the prices of each tier within them, lowest tier first. */
interface Hours {
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly tiers: readonly [TokenPrices, ...TokenPrices[]];
}

/** A price version made ready for arithmetic: every fallback resolved, every price read once. */
export interface PriceTable {
  readonly outsideWindows: readonly [TokenPrices, ...TokenPrices[]];
  readonly windows: readonly Hours[];
  readonly units: Readonly<Partial<Record<UnitKind, UnitPrice>>>;
}

/** A charge reaches neither this nor more: an amount has at most 20 digits before the point. */
export const chargeLimit = 10n ** 38n;

// A version is immutable, so its table is too; the memory goes with the version.
const tables = new WeakMap<PriceVersion, PriceTable>();

/** The table of a version, made once. Terms that could not have been published are an InvariantViolation. */
export function tableOf(version: PriceVersion): PriceTable {
  const known = tables.get(version);
  if (known) return known;
  const table = buildTable(version);
  tables.set(version, table);
  return table;
}

/** The token prices of each tier at an instant, lowest tier first; at least one. */
export function tiersAt(table: PriceTable, at: string): readonly [TokenPrices, ...TokenPrices[]] {
  if (table.windows.length === 0) return table.outsideWindows;
  const minute = minuteOfDay(at);
  return table.windows.find((hours) => holds(hours, minute))?.tiers ?? table.outsideWindows;
}

/** The last of these tiers that the whole input exceeds: strictly greater, so the threshold itself is still below. */
export function tierFor(tiers: readonly [TokenPrices, ...TokenPrices[]], tokens: TokenCounts): TokenPrices {
  let chosen = tiers[0];
  if (tiers.length === 1) return chosen;
  let input = 0;
  for (const kind of inputKinds) input += tokens[kind] ?? 0;
  for (const tier of tiers) if (isReached(tier, input)) chosen = tier;
  return chosen;
}

/** True where this much input gets the prices of a tier; the lowest tier has no threshold. */
export function isReached({ overInputTokens }: TokenPrices, inputTokens: number): boolean {
  return overInputTokens === null || inputTokens > overInputTokens;
}

/** How many pieces a call used. A call is one request unless it says otherwise, so its price cannot be forgotten. */
export function piecesOf(unit: UnitKind, counts: UnitCounts, { units }: PriceTable): number {
  const implied = unit === 'request' && units.request !== undefined ? 1 : 0;
  return counts[unit] ?? implied;
}

function holds({ fromMinute, toMinute }: Hours, minute: number): boolean {
  if (fromMinute < toMinute) return minute >= fromMinute && minute < toMinute;
  return minute >= fromMinute || minute < toMinute;
}

function buildTable(version: PriceVersion): PriceTable {
  const [problem] = problemsOfPrice(version);
  invariant(
    problem === undefined,
    `price version ${version.id} was never publishable: ${JSON.stringify(problem)}`,
  );
  return {
    outsideWindows: tiersOf(version, {}),
    windows: version.windows.map(({ fromUtc, toUtc, rates }) => ({
      fromMinute: minutes(fromUtc),
      toMinute: minutes(toUtc),
      tiers: tiersOf(version, rates),
    })),
    units: pricesOf(unitKinds, (unit) => unitPrice(version.unitPrices[unit], tokensPerPrice)),
  };
}

function tiersOf(version: PriceVersion, window: Rates): readonly [TokenPrices, ...TokenPrices[]] {
  const tier = (overInputTokens: number | null, rates: Rates): TokenPrices => {
    const effective: Rates = { ...version.rates, ...window, ...rates };
    return { overInputTokens, prices: pricesOf(tokenKinds, (kind) => resolve(version, effective, kind)) };
  };
  return [tier(null, {}), ...version.tiers.map(({ overInputTokens, rates }) => tier(overInputTokens, rates))];
}

/** The price of a kind, its own or that of its fallback. Fallbacks that go round were never publishable. */
function resolve({ fallback }: PriceVersion, rates: Rates, start: TokenKind): UnitPrice | undefined {
  let kind: TokenKind | undefined = start;
  while (kind !== undefined && rates[kind] === undefined) kind = fallback[kind];
  return kind === undefined ? undefined : unitPrice(rates[kind], 1n);
}

function pricesOf<Kind extends string>(
  kinds: readonly Kind[],
  priceOf: (kind: Kind) => UnitPrice | undefined,
): Partial<Record<Kind, UnitPrice>> {
  const prices: Partial<Record<Kind, UnitPrice>> = {};
  for (const kind of kinds) {
    const price = priceOf(kind);
    if (price !== undefined) prices[kind] = price;
  }
  return prices;
}

// A price is a count of 10⁻¹². Per million tokens that is 10⁻¹⁸ per token; per piece it is a million times more.
const tokensPerPrice = 1_000_000n;

function unitPrice(text: string | undefined, scale: bigint): UnitPrice | undefined {
  if (text === undefined) return undefined;
  const price = PriceUnits.fromText(text);
  return { factor: price * scale, text: PriceUnits.toText(price) };
}
