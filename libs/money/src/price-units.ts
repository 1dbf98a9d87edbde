import { invariant } from '@app/decider';
import {
  type AmountProblem,
  InvalidAmount,
  priceDecimalsMax,
  problemOfAmount,
  readFixedPoint,
  writeFixedPoint,
} from './amount-text.ts';

declare const unit: unique symbol;

/** A unit price as a count of 10⁻¹²; a price per million tokens times tokens is then a count of 10⁻¹⁸, exactly. */
export type PriceUnits = bigint & { readonly [unit]: '10^-12' };

const limits = { decimalsMax: priceDecimalsMax };

/** Says what is wrong with a text as a price, or undefined where nothing is. */
function problemOf(text: string): AmountProblem | undefined {
  return text.startsWith('-') ? 'not-a-decimal' : problemOfAmount(text, limits);
}

/** Reads the text of a price. Throws `InvalidAmount` where it has more than 12 decimals, a sign, or is no decimal. */
function fromText(text: string): PriceUnits {
  const problem = problemOf(text);
  if (problem !== undefined) throw new InvalidAmount(problem);
  return readFixedPoint(text, limits) as PriceUnits;
}

/** Writes the one text form of a price. */
function toText(price: PriceUnits): string {
  invariant(price >= 0n, 'a price is never negative');
  return writeFixedPoint(price, limits);
}

/** Prices in fixed point: at most 12 decimals, never negative. */
export const PriceUnits = { problemOf, fromText, toText } as const;
