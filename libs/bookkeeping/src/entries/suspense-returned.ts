import { accept, type Decision, refuse } from '@app/decider';
import type { Units18 } from '@app/money';
import type { BookState } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import { posting } from '../posting.ts';
import type { Refusal } from '../refusal.ts';

/** The memo of suspense money that went back. */
export const suspenseReturnedMemo = record({ suspenseId: id, channel: id, amount });

/** Money in suspense went back to where it came from. */
export type SuspenseReturned = DraftOf<'suspense-returned', ValueOf<typeof suspenseReturnedMemo>>;

/** Returns money in suspense, in the platform book that received it. */
export interface ReturnSuspense extends CommandOf<'return-suspense'> {
  readonly suspenseId: string;
  readonly channel: string;
  readonly amount: Units18;
}

/** Decides that money in suspense went back. */
export function decideReturnSuspense(
  command: ReturnSuspense,
  book: BookState,
): Decision<SuspenseReturned, Refusal> {
  const { suspenseId, channel } = command;
  const refusal = unlessPositive(command.amount);
  if (refusal !== undefined) return refuse(refusal);
  const postings = [posting(`suspense:${channel}`, `clearing:${channel}`, command.amount)];
  const memo = { suspenseId, channel, amount: command.amount };
  return accept(draft(command, book, { kind: 'suspense-returned', postings, memo }));
}
