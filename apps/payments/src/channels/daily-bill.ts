/** A provider's two bills of a day: what was traded, and what moved on our account there. */
export type BillKind = 'trade' | 'fund';

/** One line of a trade bill. Amounts are exact decimal text in the bill's currency, without a sign. */
export interface TradeLine {
  readonly kind: 'payment' | 'refund';
  /** Our number of the order. */
  readonly number: string;
  /** The provider's number of the payment. */
  readonly reference: string;
  /** Our number of the refund; empty for a payment. */
  readonly refundNumber: string;
  /** By which the fund bill names the same money. */
  readonly fundReference: string;
  readonly amount: string;
  readonly currency: string;
  /** What the provider takes for it, or gives back. Trade bills may tell more decimals than money has. */
  readonly fee: string;
  /** When the bill says that it happened, as UTC text. */
  readonly at: string;
}

/** What a movement on our account at the provider is; `other` is one that we have no word for. */
export type FundKind = 'payment' | 'fee' | 'refund' | 'fee-returned' | 'settled' | 'other';

/** One line of a fund bill. Amounts are exact decimal text without a sign, save for the balance. */
export interface FundLine {
  readonly kind: FundKind;
  readonly direction: 'in' | 'out';
  /** The provider's number of the movement; unique. */
  readonly flow: string;
  /** The provider's number of the payment or refund that it belongs to. */
  readonly reference: string;
  readonly amount: string;
  readonly balance: string;
  readonly at: string;
}

/** The file is no bill that can be believed: another format, or totals that its lines do not come to. */
export class UnreadableBill extends Error {
  override readonly name = 'UnreadableBill';
}

/** Exact text of whole cents with a sign at most: `12.30`, `-0.05`; refuses everything else. */
export function centsOf(text: string): bigint {
  const match = /^(-?)(\d{1,16})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) throw new UnreadableBill(`${text.slice(0, 40)} is no amount with at most two decimals.`);
  const [, sign, whole = '', fraction = ''] = match;
  const cents = BigInt(whole + fraction.padEnd(2, '0'));
  return sign === '-' ? -cents : cents;
}

/** The same amount without its sign. */
export const unsigned = (text: string): string => (text.startsWith('-') ? text.slice(1) : text);

/** Checks the totals that a bill tells of itself against what its lines came to. */
export function checkTotals(
  told: Readonly<Record<string, bigint>>,
  found: Readonly<Record<string, bigint>>,
): void {
  for (const [name, total] of Object.entries(told)) {
    if (total === found[name]) continue;
    throw new UnreadableBill(
      `${name}: the bill says ${String(total)}, its lines come to ${String(found[name])}.`,
    );
  }
}
