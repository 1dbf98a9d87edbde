import { invariant } from '@app/decider';
import { minorUnitDigitsOf, Money } from '@app/money';
import type { MinorMoney } from './payment-channel.ts';

/** The amount in whole minor units; that it has a fraction of one is a bug, because it was checked when it came in. */
export function toMinor(money: Money): MinorMoney {
  const digits = minorUnitDigitsOf(money.currency);
  const [whole = '0', fraction = ''] = money.toText().split('.');
  invariant(fraction.length <= digits, 'a provider moves whole minor units only');
  return { minor: BigInt(whole + fraction.padEnd(digits, '0')), currency: money.currency };
}

/** Minor units as money. */
export function fromMinor({ minor, currency }: MinorMoney): Money {
  const digits = minorUnitDigitsOf(currency);
  invariant(minor >= 0n, 'a provider tells no negative amounts');
  const text = minor.toString().padStart(digits + 1, '0');
  const [whole, fraction] = [text.slice(0, text.length - digits), text.slice(text.length - digits)];
  const decimals = fraction.replace(/0+$/, '');
  return Money.of(decimals === '' ? whole : `${whole}.${decimals}`, currency);
}

/** True where both are the same amount of the same currency. */
export const sameMoney = (a: MinorMoney, b: MinorMoney): boolean =>
  a.minor === b.minor && a.currency === b.currency;
