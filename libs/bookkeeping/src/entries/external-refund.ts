import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import { paidAccount } from '../account.ts';
import { availableOf, type BookState, type Lot } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { takeFrom } from '../lots.ts';
import { amount, count, id, listOf, record, type ValueOf } from '../memo-field.ts';
import { postingUnlessZero } from '../posting.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';
import { lotPartMemo } from './charge.ts';

/** The memo of a lot that had ended and is named again. */
export const endedLotMemo = record({
  topUpId: id,
  channel: id,
  openedBy: count,
  amount,
  used: amount,
  refunded: amount,
  reserved: amount,
  remaining: amount,
  sent: amount,
});

/** A lot with the fields of its memo and no others. */
export function endedLotOf(lot: Lot): Lot {
  const { topUpId, channel, openedBy, used, refunded, reserved, remaining, sent } = lot;
  return { topUpId, channel, openedBy, amount: lot.amount, used, refunded, reserved, remaining, sent };
}

/** The memo of a refund that others made: `taken` came from the wallet, `shortfall` could not be taken back. */
export const externalRefundMemo = record({
  externalRefundId: id,
  topUpId: id,
  channel: id,
  amount,
  taken: amount,
  shortfall: amount,
  lots: listOf(lotPartMemo),
  reopened: listOf(endedLotMemo),
});

/** The provider gave money back without us: a complaint, a chargeback, or a refund in the merchant console. */
export type ExternalRefund = DraftOf<'external-refund', ValueOf<typeof externalRefundMemo>>;

/** Records a forced refund: what is available is taken, first from the lot it names, then from the newest. */
export interface RecordExternalRefund extends CommandOf<'record-external-refund'> {
  readonly externalRefundId: string;
  readonly topUpId: string;
  readonly channel: string;
  readonly amount: Units18;
  /** The lot of the top-up where it is no longer open; the writer looks it up. */
  readonly endedLots: readonly Lot[];
}

/** Decides a forced refund. Never refused for want of money: what cannot be taken back is a shortfall. */
export function decideExternalRefund(
  command: RecordExternalRefund,
  book: BookState,
): Decision<ExternalRefund, Refusal> {
  const { externalRefundId, topUpId, channel, endedLots } = command;
  const refusal = unlessPositive(command.amount);
  if (refusal !== undefined) return refuse(refusal);
  const taken = Units18.min(command.amount, Units18.min(book.paid, availableOf(book)));
  const shortfall = Units18.subtract(command.amount, taken);
  const named = book.lots.filter((lot) => lot.topUpId === topUpId);
  const others = book.lots.filter((lot) => lot.topUpId !== topUpId).reverse();
  const lots = takeFrom([...named, ...others], taken);
  const reopened = named.length > 0 ? [] : endedLots.filter((lot) => lot.topUpId === topUpId).map(endedLotOf);
  const postings = [
    ...postingUnlessZero(paidAccount(book.bookId), `clearing:${channel}`, taken),
    ...postingUnlessZero('receivable:shortfall', `clearing:${channel}`, shortfall),
  ];
  const memo = {
    externalRefundId,
    topUpId,
    channel,
    amount: command.amount,
    taken,
    shortfall,
    lots,
    reopened,
  };
  return accept(draft(command, book, { kind: 'external-refund', postings, memo }));
}

/** The named payment has sent the amount back; what was taken is refunded from the lots. */
export function evolveExternalRefund(book: WorkingBook, { memo }: ExternalRefund): void {
  for (const lot of memo.reopened) book.putLot(lot);
  const known = book.lots.some((lot) => lot.topUpId === memo.topUpId);
  if (known) book.changeLot(memo.topUpId, { sent: memo.amount });
  for (const { topUpId, amount: part } of memo.lots) {
    book.changeLot(topUpId, { refunded: part, remaining: Units18.negate(part) });
  }
}
