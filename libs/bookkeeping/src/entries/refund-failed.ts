import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import { paidAccount } from '../account.ts';
import type { BookState } from '../book-state.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { sumOf } from '../lots.ts';
import { amount, id, listOf, optional, record, type ValueOf } from '../memo-field.ts';
import { posting, postingUnlessZero } from '../posting.ts';
import { ifItemDiffers, openItem } from '../refund-items.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';
import { lotPartMemo } from './charge.ts';
import { refundClosedMemo } from './refund-paid.ts';

/** The memo of a failed item: `givenBack` went back to the wallet, to the lots it came from. */
export const refundFailedMemo = record({
  refundId: id,
  itemId: id,
  topUpId: id,
  amount,
  rounding: amount,
  givenBack: listOf(lotPartMemo),
  reason: id,
  closed: optional(refundClosedMemo),
});

/** An item of a refund was definitely not paid; its money went back to the wallet. */
export type RefundFailed = DraftOf<'refund-failed', ValueOf<typeof refundFailedMemo>>;

/** Records that an item was definitely not paid. */
export interface FailRefundItem extends CommandOf<'fail-refund-item'> {
  readonly refundId: string;
  readonly itemId: string;
  readonly amount: Units18;
  /** The provider's code. */
  readonly reason: string;
}

/** Decides that an item was not paid: the money goes back to the lots it came from. */
export function decideFailRefundItem(
  command: FailRefundItem,
  book: BookState,
): Decision<RefundFailed, Refusal> {
  const { refundId, itemId, reason } = command;
  const refusal = ifItemDiffers(command, book);
  if (refusal !== undefined) return refuse(refusal);
  const { refund, item } = openItem(book, command);
  const { topUpId, rounding, takes } = item;
  const back = sumOf(takes);
  const givenBack = Units18.add(refund.givenBack, back);
  const closed = refund.items.length === 1 ? { paid: refund.paid, givenBack } : null;
  const postings = [
    posting('refunds:pending', paidAccount(book.bookId), back),
    ...postingUnlessZero('refunds:pending', 'expense:rounding', rounding),
  ];
  const memo = { refundId, itemId, topUpId, amount: item.amount, rounding, givenBack: takes, reason, closed };
  return accept(draft(command, book, { kind: 'refund-failed', postings, memo }));
}

/** The reserved parts of the lots remain again. */
export function evolveRefundFailed(book: WorkingBook, { memo }: RefundFailed): void {
  const { refund, item } = openItem(book, memo);
  book.changeLot(item.topUpId, { sent: Units18.negate(item.amount) });
  for (const take of item.takes) {
    book.changeLot(take.topUpId, { reserved: Units18.negate(take.amount), remaining: take.amount });
  }
  const givenBack = Units18.add(refund.givenBack, sumOf(item.takes));
  book.putRefund({ ...refund, givenBack, items: refund.items.filter((other) => other !== item) });
}
