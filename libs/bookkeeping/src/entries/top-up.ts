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

/** The memo of a top-up: it opens the lot `topUpId`. */
export const topUpMemo = record({ topUpId: id, channel: id, amount, providerReference: id });

/** Money that a customer paid in. */
export type TopUp = DraftOf<'top-up', ValueOf<typeof topUpMemo>>;

/** Credits a settled top-up to the wallet. */
export interface CreditTopUp extends CommandOf<'credit-top-up'> {
  readonly topUpId: string;
  readonly channel: string;
  readonly amount: Units18;
  readonly providerReference: string;
}

/** Decides a top-up. */
export function decideCreditTopUp(command: CreditTopUp, book: BookState): Decision<TopUp, Refusal> {
  const { topUpId, channel, providerReference } = command;
  const refusal = unlessPositive(command.amount) ?? ifLotExists(book, topUpId) ?? ifLotsFull(book);
  if (refusal !== undefined) return refuse(refusal);
  const postings = [posting(`clearing:${channel}`, paidAccount(book.bookId), command.amount)];
  const memo = { topUpId, channel, amount: command.amount, providerReference };
  return accept(draft(command, book, { kind: 'top-up', postings, memo }));
}

/** Opens the lot. */
export function evolveTopUp(book: WorkingBook, { memo }: TopUp): void {
  book.openLot(memo);
}
