import { Money } from '@app/money';

/** One booked movement on our bank account. */
export interface BankLine {
  readonly direction: 'credit' | 'debit';
  readonly amount: Money;
  /** The day on which the bank booked it, `2026-11-22`. */
  readonly bookedOn: string;
  /** The bank's own number of the movement; unique where there is one. What the payer set is never used for that. */
  readonly reference?: string;
  /** The other side, as the bank tells it. */
  readonly partyName: string;
  readonly partyAccount: string;
  readonly memo: string;
  /** The account's balance after it, where the format tells one for each line. */
  readonly balanceAfter?: Money;
  /** True where it takes an earlier movement back. */
  readonly isReversal: boolean;
}

/** A statement as a bank gives it, whatever its format. */
export interface BankStatement {
  readonly format: string;
  readonly account: string;
  readonly currency: string;
  /** The bank's running number, where the format has one. */
  readonly sequence?: number;
  readonly opening: Money;
  readonly closing: Money;
  readonly lines: readonly BankLine[];
}

/** A bank tells days. The instant is the beginning of that day in Beijing, so that it lies in the same accounting day. */
export const startOfDay = (day: string): string =>
  new Date(`${day}T00:00:00+08:00`).toISOString().replace('.000Z', 'Z');

/** A file that is no statement we can read, and why. */
export class UnreadableStatement extends Error {
  override readonly name = 'UnreadableStatement';
}

/** Exact text of an amount with at most two decimals, as banks write it: `1234.50`, `1,234.50`. */
export function bankAmount(text: string, currency: string): Money {
  const plain = text.trim().replace(/(?<=\d),(?=\d{3})/g, '');
  const match = /^(\d{1,18})(?:\.(\d{0,2}))?$/.exec(plain);
  if (!match) throw new UnreadableStatement(`${text.slice(0, 32)} is no amount with at most two decimals.`);
  const whole = (match[1] ?? '0').replace(/^0+(?=\d)/, '');
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  return Money.of(fraction === '' ? whole : `${whole}.${fraction}`, currency);
}

/** A balance may be negative, which formats say with a sign or with the letter of a debit. */
export const signed = (amount: Money, isDebit: boolean): Money => (isDebit ? amount.negate() : amount);

/**
 * Why a statement contradicts itself; undefined where it does not: the opening balance and all movements must come to the
 * closing one, and where lines tell a balance, each must follow from the one before.
 */
export function brokenChainOf({ opening, closing, lines, currency }: BankStatement): string | undefined {
  let balance = opening;
  for (const [index, line] of lines.entries()) {
    if (line.amount.currency !== currency) return `line ${String(index + 1)} is in ${line.amount.currency}`;
    balance = line.direction === 'credit' ? balance.plus(line.amount) : balance.minus(line.amount);
    if (line.balanceAfter !== undefined && !line.balanceAfter.equals(balance))
      return `line ${String(index + 1)} comes to ${balance.toString()}, the bank says ${line.balanceAfter.toString()}`;
  }
  if (balance.equals(closing)) return undefined;
  return `the lines come to ${balance.toString()}, the closing balance is ${closing.toString()}`;
}
