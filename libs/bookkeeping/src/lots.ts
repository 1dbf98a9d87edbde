import { Units18 } from '@app/money';
import type { BookState, Lot, LotPart } from './book-state.ts';

/** Which lots give an amount, each at most what `limit` allows, in the order given; stops when there is enough. */
export function takeFrom(
  lots: Iterable<Lot>,
  amount: Units18,
  limit: (lot: Lot) => Units18 = remainingOf,
): LotPart[] {
  const parts: LotPart[] = [];
  let missing = amount;
  for (const lot of lots) {
    if (missing === Units18.zero) break;
    const part = Units18.min(missing, limit(lot));
    if (part <= 0n) continue;
    parts.push({ topUpId: lot.topUpId, amount: part });
    missing = Units18.subtract(missing, part);
  }
  return parts;
}

/** The sum of parts of lots. */
export function sumOf(parts: readonly LotPart[]): Units18 {
  return Units18.sum(parts.map(({ amount }) => amount));
}

/** What may still be sent back through the payment of a lot: never more than was paid in through it. */
export function sendableOf(lot: Pick<Lot, 'amount' | 'remaining' | 'sent'>, currency: string): Units18 {
  const paidIn = Units18.ceilToMinor(lot.amount, currency).rounded;
  return Units18.max(Units18.zero, Units18.min(lot.remaining, Units18.subtract(paidIn, lot.sent)));
}

/** What a refund may take now, exact: min(paid, available), and from each lot what its payment still allows. */
export function refundableOf(book: BookState): Units18 {
  const available = Units18.subtract(Units18.add(book.paid, book.granted), book.held);
  const sendable = Units18.sum(book.lots.map((lot) => sendableOf(lot, book.currency)));
  return Units18.min(available, sendable);
}

function remainingOf(lot: Lot): Units18 {
  return lot.remaining;
}
