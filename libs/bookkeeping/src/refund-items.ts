import { invariant } from '@app/decider';
import { Units18 } from '@app/money';
import type { BookState, LotPart, OpenRefund, RefundItem } from './book-state.ts';
import { sendableOf, takeFrom } from './lots.ts';
import type { Refusal } from './refusal.ts';

/** The name of an item within a refund. */
export interface ItemId {
  readonly refundId: string;
  readonly itemId: string;
}

/**
 * Cuts a refund into items of whole minor units, newest lot first. The money of the lots lies in one line, which is cut
 * where the sum so far is rounded up: so the items come to the rounded total, none exceeds what its payment may send
 * back, and an item takes from two lots where they share a minor unit.
 */
export function refundItems(book: BookState, refundId: string, taken: Units18): RefundItem[] {
  const parts = takeFrom([...book.lots].reverse(), taken, (lot) => sendableOf(lot, book.currency));
  const line = [...parts].reverse();
  const items: RefundItem[] = [];
  let soFar: Units18 = Units18.zero;
  let cut: Units18 = Units18.zero;
  for (const { topUpId, amount: part } of parts) {
    soFar = Units18.add(soFar, part);
    const end = Units18.ceilToMinor(soFar, book.currency).rounded;
    const amount = Units18.subtract(end, cut);
    if (amount === Units18.zero) continue;
    const rounding = Units18.max(Units18.zero, Units18.subtract(end, taken));
    const takes = cutFrom(line, Units18.subtract(amount, rounding));
    const itemId = `${refundId}.${(items.length + 1).toString()}`;
    items.push({ itemId, topUpId, channel: channelOf(book, topUpId), amount, rounding, takes });
    cut = end;
  }
  return items;
}

/** Refuses what names no open item, or another amount than the item's. */
export function ifItemDiffers(
  { refundId, itemId, amount }: ItemId & { readonly amount: Units18 },
  book: BookState,
): Refusal | undefined {
  const item = book.refunds.get(refundId)?.items.find((open) => open.itemId === itemId);
  if (item === undefined) return { code: 'unknown-refund-item', refundId, itemId };
  if (item.amount === amount) return undefined;
  return { code: 'refund-item-differs', itemId, expected: item.amount, actual: amount };
}

/** The open item of that name, and its refund. */
export function openItem(
  book: BookState,
  { refundId, itemId }: ItemId,
): { readonly refund: OpenRefund; readonly item: RefundItem } {
  const refund = book.refunds.get(refundId);
  const item = refund?.items.find((open) => open.itemId === itemId);
  invariant(refund !== undefined && item !== undefined, `item ${itemId} is open`);
  return { refund, item };
}

function channelOf(book: BookState, topUpId: string): string {
  const lot = book.lots.find((open) => open.topUpId === topUpId);
  invariant(lot !== undefined, `lot ${topUpId} is open`);
  return lot.channel;
}

/** Cuts an amount off the end of a line of parts, and leaves the rest in it. */
function cutFrom(line: LotPart[], amount: Units18): LotPart[] {
  const pieces: LotPart[] = [];
  let missing = amount;
  while (missing > 0n) {
    const part = line.pop();
    invariant(part !== undefined, 'the items of a refund take no more than was taken');
    const piece = Units18.min(part.amount, missing);
    const rest = Units18.subtract(part.amount, piece);
    if (rest > 0n) line.push({ topUpId: part.topUpId, amount: rest });
    pieces.push({ topUpId: part.topUpId, amount: piece });
    missing = Units18.subtract(missing, piece);
  }
  return pieces;
}
