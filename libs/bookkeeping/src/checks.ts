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

/** Refuses a second lot of the same top-up. */
export function ifLotExists(book: BookState, topUpId: string): Refusal | undefined {
  const exists = book.lots.some((lot) => lot.topUpId === topUpId);
  return exists ? { code: 'lot-exists', topUpId } : undefined;
}
