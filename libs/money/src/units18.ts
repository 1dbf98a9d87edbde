import { invariant } from '@app/decider';
import { amountDecimalsMax, integerDigitsMax, readFixedPoint, writeFixedPoint } from './amount-text.ts';
import { minorUnitDigitsOf } from './currency.ts';

declare const unit: unique symbol;

/** An amount as a count of 10⁻¹⁸, for sums in hot paths. The currency is that of the place where it is kept. */
export type Units18 = bigint & { readonly [unit]: '10^-18' };

/** What rounding to minor units gives; both parts together are the amount before. */
export interface RoundedUnits {
  readonly rounded: Units18;
  /** Never negative: what was left out by rounding down, or put in by rounding up. */
  readonly residue: Units18;
}

const limits = { decimalsMax: amountDecimalsMax };
const limit = 10n ** BigInt(integerDigitsMax + amountDecimalsMax);
const zero = 0n as Units18;

/** Takes a count of 10⁻¹⁸ as it is; an amount beyond 20 integer digits is an InvariantViolation. */
function of(units: bigint): Units18 {
  invariant(units < limit && units > -limit, 'an amount has at most 20 digits before the point');
  return units as Units18;
}

/** Reads the text of an amount. Throws `InvalidAmount` with the reason where it is none. */
function fromText(text: string): Units18 {
  return readFixedPoint(text, limits) as Units18;
}

/** Writes the one text form of an amount; an amount beyond 20 integer digits is an InvariantViolation. */
function toText(units: Units18): string {
  return writeFixedPoint(of(units), limits);
}

function add(left: Units18, right: Units18): Units18 {
  return (left + right) as Units18;
}

function subtract(left: Units18, right: Units18): Units18 {
  return (left - right) as Units18;
}

/** An amount taken an integer number of times, exact. */
function times(units: Units18, count: bigint): Units18 {
  return (units * count) as Units18;
}

function negate(units: Units18): Units18 {
  return (zero - units) as Units18;
}

function min(left: Units18, right: Units18): Units18 {
  return left < right ? left : right;
}

function max(left: Units18, right: Units18): Units18 {
  return left > right ? left : right;
}

function compare(left: Units18, right: Units18): -1 | 0 | 1 {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** The exact sum; nothing added up is zero. */
function sum(parts: Iterable<Units18>): Units18 {
  let total: bigint = zero;
  for (const part of parts) total += part;
  return total as Units18;
}

/** Rounds down to the currency's minor unit: amount = rounded + residue. */
function floorToMinor(units: Units18, currency: string): RoundedUnits {
  const step = minorStepOf(currency);
  const residue = ((units % step) + step) % step;
  return { rounded: (units - residue) as Units18, residue: residue as Units18 };
}

/** Rounds up to the currency's minor unit: rounded = amount + residue. */
function ceilToMinor(units: Units18, currency: string): RoundedUnits {
  const { rounded, residue } = floorToMinor(negate(units), currency);
  return { rounded: negate(rounded), residue };
}

function minorStepOf(currency: string): bigint {
  return 10n ** BigInt(amountDecimalsMax - minorUnitDigitsOf(currency));
}

/**
 * Arithmetic on fixed-point amounts: exact, allocation-free but for the result, and equal to `Money` by property tests.
 * Limits are checked where amounts enter (`fromText`, `of`) and leave (`toText`), not at each step between.
 */
export const Units18 = {
  zero,
  of,
  fromText,
  toText,
  add,
  subtract,
  times,
  negate,
  min,
  max,
  compare,
  sum,
  floorToMinor,
  ceilToMinor,
} as const;
