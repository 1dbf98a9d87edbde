import { accept, type Decision, refuse } from '@app/decider';
import type { Units18 } from '@app/money';
import type { BookState } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import { posting } from '../posting.ts';
import type { Refusal } from '../refusal.ts';

/** The memo of money without an owner. */
export const suspenseInMemo = record({ suspenseId: id, channel: id, amount });

/** Money came in, and nobody knows yet whose it is. */
export type SuspenseIn = DraftOf<'suspense-in', ValueOf<typeof suspenseInMemo>>;

/** Records money without an owner, in a platform book. */
export interface ReceiveSuspense extends CommandOf<'receive-suspense'> {
  readonly suspenseId: string;
  readonly channel: string;
  readonly amount: Units18;
}

/** Decides money without an owner. */
export function decideReceiveSuspense(
  command: ReceiveSuspense,
  book: BookState,
): Decision<SuspenseIn, Refusal> {
  const { suspenseId, channel } = command;
  const refusal = unlessPositive(command.amount);
  if (refusal !== undefined) return refuse(refusal);
  const postings = [posting(`clearing:${channel}`, `suspense:${channel}`, command.amount)];
  const memo = { suspenseId, channel, amount: command.amount };
  return accept(draft(command, book, { kind: 'suspense-in', postings, memo }));
}
