import type { BookState, WaitingCharge } from '../book-state.ts';
import { collect, collectionPostings } from '../collection.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { id, optional, record, type ValueOf } from '../memo-field.ts';
import type { WorkingBook } from '../working-book.ts';
import { collectionFields } from './charge.ts';

/** The memo of a waiting charge that was collected in full. */
export const chargeCollectedMemo = record({ chargeId: id, keyId: optional(id), ...collectionFields });

/** A waiting charge found its money. Follows in the same decision whatever made the money available. */
export type ChargeCollected = DraftOf<'charge-collected', ValueOf<typeof chargeCollectedMemo>>;

/** Collects the oldest waiting charge in full, in the decision that made its money available. */
export function draftChargeCollected(
  cause: CommandOf<string>,
  book: BookState,
  { chargeId, keyId, amount, eventId }: WaitingCharge,
): ChargeCollected {
  const collected = collect(book, amount, amount);
  const postings = collectionPostings(book.bookId, collected);
  const facts = { kind: 'charge-collected', postings, memo: { chargeId, keyId, ...collected } } as const;
  return draft({ ...cause, eventId: `${eventId}:collected` }, book, facts);
}

/** Ends the wait and takes the money from the lots. */
export function evolveChargeCollected(book: WorkingBook, { memo }: ChargeCollected): void {
  book.endWaiting(memo.chargeId);
  book.useLots(memo.lots);
}
