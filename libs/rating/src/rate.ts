import { Units18 } from '@app/money';
import {
  type TokenCounts,
  type TokenKind,
  tokenKinds,
  type UnitCounts,
  type UnitKind,
  unitKinds,
  type Usage,
} from './kinds.ts';
import {
  chargeLimit,
  piecesOf,
  type PriceTable,
  tableOf,
  tierFor,
  tiersAt,
  type TokenPrices,
  type UnitPrice,
} from './price-table.ts';
import type { PriceVersion } from './price-version.ts';

/** One line of a charge: quantity × unit price ÷ per, exact. */
export interface ChargeLine {
  readonly kind: TokenKind | UnitKind;
  readonly quantity: number;
  readonly unitPrice: string;
  /** Token prices are per million, unit prices per piece. */
  readonly per: '1000000' | '1';
  readonly amount: string;
}

/** What a call costs, with the formula kept line by line. */
export interface Charge {
  readonly amount: string;
  readonly currency: string;
  readonly lines: readonly ChargeLine[];
  readonly priceVersionId: string;
  /** The threshold of the context tier that priced the call, or null where none did. */
  readonly tierOverInputTokens: number | null;
}

/** Why a usage has no charge; it waits for a person, with its hold, and is neither charged nor lost. */
export type RatingRefusal =
  | { readonly code: 'unpriced-kind'; readonly kind: TokenKind | UnitKind; readonly quantity: number }
  | { readonly code: 'invalid-quantity'; readonly kind: TokenKind | UnitKind; readonly quantity: string }
  | { readonly code: 'unknown-kind'; readonly kind: string }
  | { readonly code: 'charge-too-large' };

/** A decision whose one fact is the charge. */
export type Rated =
  | { readonly accepted: true; readonly events: readonly [Charge] }
  | { readonly accepted: false; readonly refusal: RatingRefusal };

/**
 * Prices a call: Σ quantity × unit price, exact to 18 decimals, never rounded.
 * `at` is the instant of admission (UTC); it chooses the hour window, as it chose the version.
 * A kind that was used and has no price is refused: nothing is free by accident.
 */
export function rate(usage: Usage, version: PriceVersion, at: string): Rated {
  const table = tableOf(version);
  const tier = tierFor(tiersAt(table, at), usage.tokens);
  const sheet: ChargeSheet = { lines: [], total: 0n };
  const refusal =
    unknownKind(usage) ?? addTokens(sheet, usage.tokens, tier) ?? addUnits(sheet, usage.units, table);
  if (refusal) return { accepted: false, refusal };
  const charge: Charge = {
    amount: Units18.toText(Units18.of(sheet.total)),
    currency: version.currency,
    lines: sheet.lines,
    priceVersionId: version.id,
    tierOverInputTokens: tier.overInputTokens,
  };
  return { accepted: true, events: [charge] };
}

/** Recomputes the amount of a charge from its lines, as anyone with the receipt can. */
export function recompute(lines: readonly Pick<ChargeLine, 'quantity' | 'unitPrice' | 'per'>[]): string {
  let total = 0n;
  for (const { quantity, unitPrice, per } of lines) {
    total += (Units18.fromText(unitPrice) * BigInt(quantity)) / BigInt(per);
  }
  return Units18.toText(Units18.of(total));
}

/** The charge as it is being written. */
interface ChargeSheet {
  readonly lines: ChargeLine[];
  total: bigint;
}

/** A kind that was used, and what it is to be charged with. */
interface Item {
  readonly kind: TokenKind | UnitKind;
  readonly quantity: number;
  readonly price: UnitPrice | undefined;
  readonly per: ChargeLine['per'];
}

function addTokens(
  sheet: ChargeSheet,
  tokens: TokenCounts,
  { prices }: TokenPrices,
): RatingRefusal | undefined {
  for (const kind of tokenKinds) {
    const quantity = tokens[kind];
    if (quantity === undefined || quantity === 0) continue;
    const refusal = addItem(sheet, { kind, quantity, price: prices[kind], per: '1000000' });
    if (refusal) return refusal;
  }
  return undefined;
}

function addUnits(sheet: ChargeSheet, counts: UnitCounts, table: PriceTable): RatingRefusal | undefined {
  for (const kind of unitKinds) {
    const quantity = piecesOf(kind, counts, table);
    if (quantity === 0) continue;
    const refusal = addItem(sheet, { kind, quantity, price: table.units[kind], per: '1' });
    if (refusal) return refusal;
  }
  return undefined;
}

function addItem(sheet: ChargeSheet, { kind, quantity, price, per }: Item): RatingRefusal | undefined {
  if (!Number.isSafeInteger(quantity) || quantity < 0) {
    return { code: 'invalid-quantity', kind, quantity: String(quantity) };
  }
  if (price === undefined) return { code: 'unpriced-kind', kind, quantity };
  const amount = price.factor * BigInt(quantity);
  sheet.total += amount;
  if (sheet.total >= chargeLimit) return { code: 'charge-too-large' };
  sheet.lines.push({ kind, quantity, unitPrice: price.text, per, amount: Units18.toText(amount as Units18) });
  return undefined;
}

const tokenKindNames: ReadonlySet<string> = new Set(tokenKinds);
const unitKindNames: ReadonlySet<string> = new Set(unitKinds);

function unknownKind({ tokens, units }: Usage): RatingRefusal | undefined {
  for (const kind in tokens) if (!tokenKindNames.has(kind)) return { code: 'unknown-kind', kind };
  for (const kind in units) if (!unitKindNames.has(kind)) return { code: 'unknown-kind', kind };
  return undefined;
}
