import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of a paid bill: `accrued` is what we owed by our own books, `paid` is what left the bank. */
export const upstreamBillPaidMemo = record({
  billId: id,
  upstream: id,
  bank: id,
  accrued: amount,
  paid: amount,
});

/** A bill of an upstream was paid; what the exchange rate made of it is `expense:fx-difference`. */
export type UpstreamBillPaid = DraftOf<'upstream-bill-paid', ValueOf<typeof upstreamBillPaidMemo>>;

/** Pays a bill of an upstream, in a platform book. */
export interface PayUpstreamBill extends CommandOf<'pay-upstream-bill'> {
  readonly billId: string;
  readonly upstream: string;
  /** The channel code of the bank account that paid. */
  readonly bank: string;
  readonly accrued: Units18;
  readonly paid: Units18;
}
