import { accept, type Decision, refuse } from '@app/decider';
import type { Units18 } from '@app/money';
import { grantedAccount } from '../account.ts';
import type { BookState } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import { posting } from '../posting.ts';
import type { Refusal } from '../refusal.ts';

/** The memo of a grant; `reason` is a code. */
export const grantMemo = record({ grantId: id, amount, reason: id });

/** Credit that was given, not paid for: a promotion. */
export type Grant = DraftOf<'grant', ValueOf<typeof grantMemo>>;

/** Gives credit: spent first, never refundable. */
export interface GiveGrant extends CommandOf<'give-grant'> {
  readonly grantId: string;
  readonly amount: Units18;
  readonly reason: string;
}

/** Decides a grant. */
export function decideGiveGrant(command: GiveGrant, book: BookState): Decision<Grant, Refusal> {
  const { grantId, reason } = command;
  const refusal = unlessPositive(command.amount);
  if (refusal !== undefined) return refuse(refusal);
  const postings = [posting('expense:promotion', grantedAccount(book.bookId), command.amount)];
  const memo = { grantId, amount: command.amount, reason };
  return accept(draft(command, book, { kind: 'grant', postings, memo }));
}
