import type { Units18 } from '@app/money';
import type { BookState } from './book-state.ts';
import type { Refusal } from './refusal.ts';

/** Refuses an amount that is not more than zero. */
export function unlessPositive(amount: Units18): Refusal | undefined {
  return amount > 0n ? undefined : { code: 'invalid-amount', amount, atLeast: 'more-than-zero' };
}

/** Refuses an amount below zero. */
export function ifNegative(amount: Units18): Refusal | undefined {
  return amount >= 0n ? undefined : { code: 'invalid-amount', amount, atLeast: 'zero' };
}

/** Open lots of a book: a charge that takes from all of them must fit a message, whatever their ids are. */
export const openLotsMax = 2_000;

/** Refuses a lot more than a book may have open. */
export function ifLotsFull({ lots }: BookState): Refusal | undefined {
  return lots.length < openLotsMax
    ? undefined
    : { code: 'too-many-lots', lots: lots.length, lotsMax: openLotsMax };
}

/** Refuses a second lot of the same top-up. */
export function ifLotExists(book: BookState, topUpId: string): Refusal | undefined {
  const exists = book.lots.some((lot) => lot.topUpId === topUpId);
  return exists ? { code: 'lot-exists', topUpId } : undefined;
}
