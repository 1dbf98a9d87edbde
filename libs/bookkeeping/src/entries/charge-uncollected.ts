import { accept, type Decision, refuse } from '@app/decider';
import { availableOf, type BookState } from '../book-state.ts';
import { collect, collectionPostings } from '../collection.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { id, optional, record, type ValueOf } from '../memo-field.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';
import { collectionFields } from './charge.ts';

/** The memo of a waiting charge whose time is over. */
export const chargeUncollectedMemo = record({ chargeId: id, keyId: optional(id), ...collectionFields });

/** A waiting charge took what was available; the rest is uncollected. */
export type ChargeUncollected = DraftOf<'charge-uncollected', ValueOf<typeof chargeUncollectedMemo>>;

/** Ends the wait of a charge whose time is over at `occurredAt`. */
export interface EndWait extends CommandOf<'end-wait'> {
  readonly chargeId: string;
}

/** Decides the end of a wait. */
export function decideEndWait(command: EndWait, book: BookState): Decision<ChargeUncollected, Refusal> {
  const { chargeId } = command;
  const waiting = book.waiting.find((charge) => charge.chargeId === chargeId);
  if (waiting === undefined) return refuse({ code: 'charge-not-waiting', chargeId });
  const { keyId, waitsUntil } = waiting;
  if (waitsUntil > command.occurredAt) return refuse({ code: 'charge-still-waiting', chargeId, waitsUntil });
  const collected = collect(book, waiting.amount, availableOf(book));
  const postings = collectionPostings(book.bookId, collected);
  const memo = { chargeId, keyId, ...collected };
  return accept(draft(command, book, { kind: 'charge-uncollected', postings, memo }));
}

/** Ends the wait and takes what there was from the lots. */
export function evolveChargeUncollected(book: WorkingBook, { memo }: ChargeUncollected): void {
  book.endWaiting(memo.chargeId);
  book.useLots(memo.lots);
}
