import { accept, type Decision, refuse } from '@app/decider';
import type { Units18 } from '@app/money';
import { paidAccount } from '../account.ts';
import type { BookState } from '../book-state.ts';
import { ifLotExists, ifLotsFull, unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import { posting } from '../posting.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';

/** The memo of suspense money that found its owner: it opens the lot `topUpId`. */
export const suspenseOutMemo = record({ suspenseId: id, topUpId: id, channel: id, amount });

/** Money in suspense became a top-up of the customer whose book this is. */
export type SuspenseOut = DraftOf<'suspense-out', ValueOf<typeof suspenseOutMemo>>;

/** Assigns money in suspense to the customer whose book this is. */
export interface AssignSuspense extends CommandOf<'assign-suspense'> {
  readonly suspenseId: string;
  readonly topUpId: string;
  readonly channel: string;
  readonly amount: Units18;
}

/** Decides that money in suspense is this customer's. */
export function decideAssignSuspense(
  command: AssignSuspense,
  book: BookState,
): Decision<SuspenseOut, Refusal> {
  const { suspenseId, topUpId, channel } = command;
  const refusal = unlessPositive(command.amount) ?? ifLotExists(book, topUpId) ?? ifLotsFull(book);
  if (refusal !== undefined) return refuse(refusal);
  const postings = [posting(`suspense:${channel}`, paidAccount(book.bookId), command.amount)];
  const memo = { suspenseId, topUpId, channel, amount: command.amount };
  return accept(draft(command, book, { kind: 'suspense-out', postings, memo }));
}

/** Opens the lot. */
export function evolveSuspenseOut(book: WorkingBook, { memo }: SuspenseOut): void {
  book.openLot(memo);
}
