import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import type { BookState } from '../book-state.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, optional, record, type ValueOf } from '../memo-field.ts';
import { posting } from '../posting.ts';
import { ifItemDiffers, openItem } from '../refund-items.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';

/** What a refund came to, in the entry of its last item. */
export const refundClosedMemo = record({ paid: amount, givenBack: amount });

/** The memo of a paid item; `channel` is the one that really paid. `closed` where it was the last item of its refund. */
export const refundPaidMemo = record({
  refundId: id,
  itemId: id,
  topUpId: id,
  channel: id,
  amount,
  providerReference: id,
  closed: optional(refundClosedMemo),
});

/** An item of a refund was paid back. */
export type RefundPaid = DraftOf<'refund-paid', ValueOf<typeof refundPaidMemo>>;

/** Records that an item was paid, through `channel`, which past a channel's window may be another than the lot's. */
export interface PayRefundItem extends CommandOf<'pay-refund-item'> {
  readonly refundId: string;
  readonly itemId: string;
  readonly channel: string;
  readonly amount: Units18;
  readonly providerReference: string;
}

/** Decides that an item was paid; the amount must be the one that was reserved. */
export function decidePayRefundItem(command: PayRefundItem, book: BookState): Decision<RefundPaid, Refusal> {
  const { refundId, itemId, channel, providerReference } = command;
  const refusal = ifItemDiffers(command, book);
  if (refusal !== undefined) return refuse(refusal);
  const { refund, item } = openItem(book, command);
  const paid = Units18.add(refund.paid, item.amount);
  const closed = refund.items.length === 1 ? { paid, givenBack: refund.givenBack } : null;
  const postings = [posting('refunds:pending', `clearing:${channel}`, item.amount)];
  const { topUpId, amount: sent } = item;
  const memo = { refundId, itemId, topUpId, channel, amount: sent, providerReference, closed };
  return accept(draft(command, book, { kind: 'refund-paid', postings, memo }));
}

/** The reserved parts of the lots are refunded. */
export function evolveRefundPaid(book: WorkingBook, { memo }: RefundPaid): void {
  const { refund, item } = openItem(book, memo);
  for (const take of item.takes) {
    book.changeLot(take.topUpId, { reserved: Units18.negate(take.amount), refunded: take.amount });
  }
  const items = refund.items.filter((other) => other !== item);
  book.putRefund({ ...refund, paid: Units18.add(refund.paid, item.amount), items });
}
