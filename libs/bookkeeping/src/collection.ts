import { Units18 } from '@app/money';
import { grantedAccount, paidAccount } from './account.ts';
import type { BookState, LotPart } from './book-state.ts';
import { takeFrom } from './lots.ts';
import { type Posting, postingUnlessZero } from './posting.ts';

/** How a charge was collected: charge = granted + paid + uncollected, and the lots that paid. */
export interface Collection {
  readonly charge: Units18;
  readonly granted: Units18;
  readonly paid: Units18;
  readonly uncollected: Units18;
  readonly lots: readonly LotPart[];
}

/** Collects a charge from what is available: granted credit first, then the oldest lot; the rest is uncollected. */
export function collect(book: BookState, charge: Units18, available: Units18): Collection {
  const collected = Units18.min(charge, available);
  const granted = Units18.min(book.granted, collected);
  const paid = Units18.subtract(collected, granted);
  const uncollected = Units18.subtract(charge, collected);
  return { charge, granted, paid, uncollected, lots: takeFrom(book.lots, paid) };
}

/** The postings of a collected charge; none for a charge of zero. */
export function collectionPostings(bookId: string, part: Omit<Collection, 'lots'>): Posting[] {
  return [
    ...postingUnlessZero(grantedAccount(bookId), 'revenue:usage:granted', part.granted),
    ...postingUnlessZero(paidAccount(bookId), 'revenue:usage:paid', part.paid),
    ...postingUnlessZero('expense:uncollected', 'revenue:usage:uncollected', part.uncollected),
  ];
}

/** A collection with its own fields and no others. */
export function collectionOf({ charge, granted, paid, uncollected, lots }: Collection): Collection {
  return {
    charge,
    granted,
    paid,
    uncollected,
    lots: lots.map(({ topUpId, amount }) => ({ topUpId, amount })),
  };
}
