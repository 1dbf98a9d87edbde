import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import type { BookState } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import { posting, postingUnlessZero } from '../posting.ts';
import type { Refusal } from '../refusal.ts';

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

/** Decides a paid bill: what we owed is cleared, and what the exchange rate made of it is shown. */
export function decidePayUpstreamBill(
  command: PayUpstreamBill,
  book: BookState,
): Decision<UpstreamBillPaid, Refusal> {
  const { billId, upstream, bank, accrued, paid } = command;
  const refusal = unlessPositive(accrued) ?? unlessPositive(paid);
  if (refusal !== undefined) return refuse(refusal);
  const owed = `payable:upstream:${upstream}` as const;
  const gain = Units18.max(Units18.zero, Units18.subtract(accrued, paid));
  const loss = Units18.max(Units18.zero, Units18.subtract(paid, accrued));
  const postings = [
    posting(owed, `clearing:${bank}`, Units18.min(accrued, paid)),
    ...postingUnlessZero('expense:fx-difference', `clearing:${bank}`, loss),
    ...postingUnlessZero(owed, 'expense:fx-difference', gain),
  ];
  const memo = { billId, upstream, bank, accrued, paid };
  return accept(draft(command, book, { kind: 'upstream-bill-paid', postings, memo }));
}
