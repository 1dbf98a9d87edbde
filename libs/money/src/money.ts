import { invariant } from '@app/decider';
import { Decimal as LibraryDecimal } from 'decimal.js';
import { amountDecimalsMax, InvalidAmount, integerDigitsMax, problemOfAmount } from './amount-text.ts';
import { minorUnitDigitsOf } from './currency.ts';
import { Units18 } from './units18.ts';

// decimal.js rounds at 20 significant digits unless told otherwise; 100 hold the product of any two amounts exactly,
// and no amount comes near the exponents at which it would write one.
const Decimal = LibraryDecimal.clone({ precision: 100, toExpNeg: -100, toExpPos: 100 });
type Decimal = LibraryDecimal;

const zero = new Decimal(0);
const limit = new Decimal(`1e${integerDigitsMax.toString()}`);

/** What rounding to minor units gives. */
export interface RoundedMoney {
  readonly rounded: Money;
  /** Never negative: what was left out by rounding down, or put in by rounding up. */
  readonly residue: Money;
}

/** An amount in one currency: immutable, exact to 18 decimals, never rounded by arithmetic. */
export class Money {
  readonly currency: string;
  private readonly amount: Decimal;

  private constructor(amount: Decimal, currency: string) {
    invariant(amount.decimalPlaces() <= amountDecimalsMax, 'an amount has at most 18 decimals');
    invariant(amount.abs().lessThan(limit), 'an amount has at most 20 digits before the point');
    minorUnitDigitsOf(currency);
    this.amount = amount.isZero() ? zero : amount;
    this.currency = currency;
  }

  /** Reads an amount. Throws `InvalidAmount` with the reason where the text is none; an unknown currency is a bug. */
  static of(text: string, currency: string): Money {
    const problem = problemOfAmount(text);
    if (problem !== undefined) throw new InvalidAmount(problem);
    return new Money(new Decimal(text), currency);
  }

  /** Nothing, in a currency. */
  static zero(currency: string): Money {
    return new Money(zero, currency);
  }

  /** The same amount, from its fixed-point form. */
  static ofUnits(units: Units18, currency: string): Money {
    return new Money(new Decimal(Units18.toText(units)), currency);
  }

  /** The exact sum; nothing added up is zero. */
  static sum(parts: Iterable<Money>, currency: string): Money {
    let total = Money.zero(currency);
    for (const part of parts) total = total.plus(part);
    return total;
  }

  plus(other: Money): Money {
    return new Money(this.amount.plus(this.sameCurrency(other)), this.currency);
  }

  minus(other: Money): Money {
    return new Money(this.amount.minus(this.sameCurrency(other)), this.currency);
  }

  /**
   * The amount taken `factor` times: an integer, or a decimal as text.
   * A product that does not fit 18 decimals is an InvariantViolation, because it could not be exact.
   */
  times(factor: bigint | string): Money {
    const text = factor.toString();
    const problem = problemOfAmount(text);
    if (problem !== undefined) throw new InvalidAmount(problem);
    return new Money(this.amount.times(text), this.currency);
  }

  negate(): Money {
    return new Money(this.amount.negated(), this.currency);
  }

  /** −1, 0 or 1, as this amount is below, equal to or above the other. */
  compare(other: Money): -1 | 0 | 1 {
    return this.amount.comparedTo(this.sameCurrency(other)) as -1 | 0 | 1;
  }

  /** True where amount and currency are the same. */
  equals(other: Money): boolean {
    return this.currency === other.currency && this.amount.equals(other.amount);
  }

  /** The smaller of two amounts. */
  min(other: Money): Money {
    return this.compare(other) <= 0 ? this : other;
  }

  isZero(): boolean {
    return this.amount.isZero();
  }

  isPositive(): boolean {
    return this.amount.greaterThan(zero);
  }

  isNegative(): boolean {
    return this.amount.lessThan(zero);
  }

  /** Rounds down to the currency's minor unit, only where money leaves: amount = rounded + residue. */
  floorToMinor(): RoundedMoney {
    const rounded = this.toMinor(LibraryDecimal.ROUND_FLOOR);
    return { rounded, residue: this.minus(rounded) };
  }

  /** Rounds up to the currency's minor unit, only where money leaves: rounded = amount + residue. */
  ceilToMinor(): RoundedMoney {
    const rounded = this.toMinor(LibraryDecimal.ROUND_CEIL);
    return { rounded, residue: rounded.minus(this) };
  }

  /** The same amount as a count of 10⁻¹⁸. */
  toUnits(): Units18 {
    return Units18.fromText(this.toText());
  }

  /** The one text form: no exponent, no trailing zeros, no plus, `0` for zero. */
  toText(): string {
    return this.amount.toString();
  }

  /** Amount and currency, for people and logs. */
  toString(): string {
    return `${this.toText()} ${this.currency}`;
  }

  /** The form on every wire: text and a currency, never a JSON number. */
  toJSON(): { readonly amount: string; readonly currency: string } {
    return { amount: this.toText(), currency: this.currency };
  }

  /** Refuses `<` and arithmetic operators, which would compare texts and lose digits without a word. */
  [Symbol.toPrimitive](hint: string): string {
    invariant(hint === 'string', 'money is compared and added by its own methods');
    return this.toString();
  }

  private toMinor(rounding: LibraryDecimal.Rounding): Money {
    return new Money(this.amount.toDecimalPlaces(minorUnitDigitsOf(this.currency), rounding), this.currency);
  }

  private sameCurrency(other: Money): Decimal {
    invariant(this.currency === other.currency, `${this.currency} and ${other.currency} never meet`);
    return other.amount;
  }
}
