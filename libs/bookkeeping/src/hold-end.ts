import type { BookState, HoldEnd } from './book-state.ts';
import type { Refusal } from './refusal.ts';

/** How a hold that is not open has ended: what the book saw itself wins over what the command was told. */
export function endOf(book: BookState, holdId: string, told: HoldEnd): HoldEnd {
  return book.endedHolds.get(holdId) ?? told;
}

/** The refusal of whoever needs a hold to be open. */
export function endedRefusal(holdId: string, end: HoldEnd): Refusal {
  return { code: end === 'never-seen' ? 'unknown-hold' : `hold-${end}`, holdId };
}
