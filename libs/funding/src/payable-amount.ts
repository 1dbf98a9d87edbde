import { accept, type Decision, refuse } from '@app/decider';
import { findCurrency, minorUnitDigitsOf, Money, problemOfAmount } from '@app/money';

/** An amount that was asked for, as it came in. */
export interface AskedAmount {
  readonly amount: string;
  readonly currency: string;
}

/** Why an amount cannot be paid, with a sentence for the person who asked and what to do instead. */
export interface AmountRefusal {
  readonly code: 'invalid-amount' | 'below-minimum' | 'unknown-currency';
  readonly field: 'amount' | 'currency';
  readonly reason: string;
  readonly remedy: string;
}

/**
 * The amount of a top-up: a decimal in whole minor units of a known currency, at least `minimum` (text, in the same
 * currency), without a maximum.
 */
export function topUpAmount(asked: AskedAmount, minimum: string): Decision<Money, AmountRefusal> {
  const parsed = parse(asked);
  if (!parsed.accepted) return parsed;
  const [amount] = parsed.events;
  if (!amount.floorToMinor().residue.isZero()) return refuse(notWhole(amount.currency));
  const least = Money.of(minimum, amount.currency);
  return amount.compare(least) < 0 ? refuse(belowMinimum(amount, least)) : accept(amount);
}

/** The amount of a refund: at least one minor unit. What lies beyond minor units, the ledger rounds down. */
export function refundAmount(asked: AskedAmount): Decision<Money, AmountRefusal> {
  const parsed = parse(asked);
  if (!parsed.accepted) return parsed;
  const [amount] = parsed.events;
  const least = Money.of('0.000000000000000001', amount.currency).ceilToMinor().rounded;
  return amount.compare(least) < 0 ? refuse(belowMinimum(amount, least)) : accept(amount);
}

type Parsed =
  | { readonly accepted: true; readonly events: readonly [Money] }
  | { readonly accepted: false; readonly refusal: AmountRefusal };

function parse({ amount, currency }: AskedAmount): Parsed {
  if (!findCurrency(currency)) return { accepted: false, refusal: unknownCurrency };
  if (problemOfAmount(amount) !== undefined) return { accepted: false, refusal: notDecimal };
  return { accepted: true, events: [Money.of(amount, currency)] };
}

const unknownCurrency: AmountRefusal = {
  code: 'unknown-currency',
  field: 'currency',
  reason: 'The currency is not known here.',
  remedy: 'Send the ISO 4217 code of the wallet’s currency.',
};

const asText = 'Send the amount as decimal text in whole minor units, such as "100.00".';

const notDecimal: AmountRefusal = {
  code: 'invalid-amount',
  field: 'amount',
  reason: 'The amount is not a plain decimal.',
  remedy: asText,
};

function notWhole(currency: string): AmountRefusal {
  const reason = `${currency} is paid with at most ${minorUnitDigitsOf(currency).toString()} decimals.`;
  return { code: 'invalid-amount', field: 'amount', reason, remedy: asText };
}

function belowMinimum(amount: Money, minimum: Money): AmountRefusal {
  return {
    code: 'below-minimum',
    field: 'amount',
    reason: `${amount.toString()} is less than the minimum of ${minimum.toString()}.`,
    remedy: `Send an amount of at least ${minimum.toString()}.`,
  };
}
