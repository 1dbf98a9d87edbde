import { invariant } from '@app/decider';
import { amountDecimalsMax, writeFixedPoint } from './amount-text.ts';
import { Money } from './money.ts';
import { Units18 } from './units18.ts';

/**
 * A credit plan: a fixed-rate view of a wallet, pinned to it. `creditsPer.credits` credits cost `creditsPer.amount`
 * in the wallet's currency: `{credits: '1', amount: '7.14'}` or `{credits: '10000', amount: '1'}`.
 */
export interface Plan {
  readonly code: string;
  readonly unit: 'credit';
  readonly creditsPer: { readonly credits: string; readonly amount: string };
}

/** A figure in credits for people to read. Sums are made in money, never from these. */
export interface CreditsShown {
  readonly credits: string;
  /** `exact`, or how the last digit came to be. */
  readonly rounding: 'exact' | 'half-up';
}

/** Digits after the point of a figure in credits, unless the caller asks for others. */
const digitsDefault = 6;

/** Shows an amount in the credits of a plan, rounded half up (away from zero) at `digits`, and says whether it had to. */
export function toCredits(amount: Money, plan: Plan, digits = digitsDefault): CreditsShown {
  invariant(
    Number.isInteger(digits) && digits >= 0 && digits <= amountDecimalsMax,
    'credits have 0 to 18 digits',
  );
  const { credits, price } = rateOf(plan);
  const units = amount.toUnits();
  const numerator = Units18.max(units, Units18.negate(units)) * credits;
  const denominator = price * 10n ** BigInt(amountDecimalsMax - digits);
  const quotient = numerator / denominator;
  const rest = numerator % denominator;
  const magnitude = quotient + (rest * 2n >= denominator ? 1n : 0n);
  return {
    credits: writeFixedPoint(units < 0n ? -magnitude : magnitude, { decimalsMax: digits }),
    rounding: rest === 0n ? 'exact' : 'half-up',
  };
}

/**
 * What a number of credits costs, rounded up to the currency's minor unit: 1.05 credits at ¥7.14 are ¥7.50.
 * The wallet gets what was paid. Throws `InvalidAmount` where the credits are no amount.
 */
export function topUpForCredits(credits: string, plan: Plan, currency: string): Money {
  const rate = rateOf(plan);
  const wanted = Units18.fromText(credits);
  invariant(wanted >= 0n, 'credits to buy are never negative');
  const exactTimesRate = wanted * rate.price;
  const roundedUp = (exactTimesRate + rate.credits - 1n) / rate.credits;
  return Money.ofUnits(Units18.ceilToMinor(Units18.of(roundedUp), currency).rounded, currency);
}

function rateOf(plan: Plan): { readonly credits: bigint; readonly price: bigint } {
  const credits = Units18.fromText(plan.creditsPer.credits);
  const price = Units18.fromText(plan.creditsPer.amount);
  invariant(credits > 0n && price > 0n, 'a plan has a positive rate');
  return { credits, price };
}
