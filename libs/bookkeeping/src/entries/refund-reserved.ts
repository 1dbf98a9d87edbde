import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import { paidAccount } from '../account.ts';
import type { BookState, RefundItem } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { refundableOf } from '../lots.ts';
import { amount, id, listOf, oneOf, record, type ValueOf } from '../memo-field.ts';
import { posting, postingUnlessZero } from '../posting.ts';
import { refundItems } from '../refund-items.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';
import { lotPartMemo } from './charge.ts';

/** The memo of one item of a refund. */
export const refundItemMemo = record({
  itemId: id,
  topUpId: id,
  channel: id,
  amount,
  rounding: amount,
  takes: listOf(lotPartMemo),
});

/** The memo of a reservation: `total` is what leaves, in whole minor units; `rounding` of it is our expense. */
export const refundReservedMemo = record({
  refundId: id,
  extent: oneOf('amount', 'close-out'),
  total: amount,
  rounding: amount,
  items: listOf(refundItemMemo),
});

/** Money was set aside to go back to the payments it came from, newest first. */
export type RefundReserved = DraftOf<'refund-reserved', ValueOf<typeof refundReservedMemo>>;

/** Reserves a refund: an amount (rounded down to the minor unit), or all that is left (rounded up at our expense). */
export interface ReserveRefund extends CommandOf<'reserve-refund'> {
  readonly refundId: string;
  readonly request:
    { readonly extent: 'amount'; readonly amount: Units18 } | { readonly extent: 'close-out' };
}

/** One entry names every payment, and must fit a message: who paid in more parts than this is refunded in several steps. */
const refundItemsMax = 500;

/** Decides a refund: the ledger alone picks the lots, newest first. */
export function decideReserveRefund(
  command: ReserveRefund,
  book: BookState,
): Decision<RefundReserved, Refusal> {
  const { refundId, request } = command;
  const refundable = refundableOf(book);
  const { rounded: payable } = Units18.floorToMinor(refundable, book.currency);
  const refusal =
    ifNotRefundable(command, book, payable) ??
    (request.extent === 'amount' ? ifNotPayable(request.amount, book.currency, payable) : undefined) ??
    (refundable === Units18.zero ? { code: 'nothing-to-refund', refundable } : undefined);
  if (refusal !== undefined) return refuse(refusal);
  const taken =
    request.extent === 'amount' ? Units18.floorToMinor(request.amount, book.currency).rounded : refundable;
  const items = refundItems(book, refundId, taken);
  if (items.length > refundItemsMax) return refuse(tooManyPayments(taken, items));
  const rounding = Units18.sum(items.map((item) => item.rounding));
  const postings = [
    posting(paidAccount(book.bookId), 'refunds:pending', taken),
    ...postingUnlessZero('expense:rounding', 'refunds:pending', rounding),
  ];
  const memo = { refundId, extent: request.extent, total: Units18.add(taken, rounding), rounding, items };
  return accept(draft(command, book, { kind: 'refund-reserved', postings, memo }));
}

/** Reserves the money in the lots, and opens the refund. */
export function evolveRefundReserved(book: WorkingBook, { memo }: RefundReserved): void {
  const { refundId, total, items } = memo;
  for (const item of items) {
    for (const take of item.takes) {
      book.changeLot(take.topUpId, { reserved: take.amount, remaining: Units18.negate(take.amount) });
    }
    book.changeLot(item.topUpId, { sent: item.amount });
  }
  book.putRefund({ refundId, total, paid: Units18.zero, givenBack: Units18.zero, items });
}

function tooManyPayments(requested: Units18, items: readonly RefundItem[]): Refusal {
  const refundable = Units18.sum(items.slice(0, refundItemsMax).map((item) => item.amount));
  return { code: 'exceeds-refundable', requested, refundable };
}

function ifNotRefundable(
  { refundId, request }: ReserveRefund,
  book: BookState,
  refundable: Units18,
): Refusal | undefined {
  if (book.refunds.has(refundId)) return { code: 'refund-exists', refundId };
  const waiting = Units18.sum(book.waiting.map((charge) => charge.amount));
  if (book.waiting.length > 0) return { code: 'charges-waiting', waiting, refundable };
  if (request.extent === 'amount' || book.holds.size === 0) return undefined;
  return { code: 'holds-open', holds: book.holds.size, held: book.held, refundable };
}

function ifNotPayable(requested: Units18, currency: string, refundable: Units18): Refusal | undefined {
  const refusal = unlessPositive(requested);
  if (refusal !== undefined) return refusal;
  const { rounded } = Units18.floorToMinor(requested, currency);
  if (rounded === Units18.zero) return { code: 'below-minor-unit', requested, refundable };
  return rounded > refundable ? { code: 'exceeds-refundable', requested, refundable } : undefined;
}
