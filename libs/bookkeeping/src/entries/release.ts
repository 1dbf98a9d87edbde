import { accept, type Decision, refuse } from '@app/decider';
import type { BookState, HoldEnd } from '../book-state.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { endedRefusal, endOf } from '../hold-end.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';

/** The memo of a release: what was set aside, and the code of the reason. */
export const releaseMemo = record({ holdId: id, amount, reason: id });

/** A hold ended without a charge. */
export type HoldReleased = DraftOf<'release', ValueOf<typeof releaseMemo>>;

/** Ends a hold without a charge. A hold that was released or has expired is left as it is: nothing to record. */
export interface ReleaseHold extends CommandOf<'release-hold'> {
  readonly holdId: string;
  readonly reason: string;
  readonly ended: HoldEnd;
}

/** Decides a release; what was released or has expired needs none, what was settled was charged. */
export function decideReleaseHold(command: ReleaseHold, book: BookState): Decision<HoldReleased, Refusal> {
  const { holdId, reason } = command;
  const open = book.holds.get(holdId);
  if (open === undefined) return withoutOpenHold(holdId, endOf(book, holdId, command.ended));
  const memo = { holdId, amount: open.amount, reason };
  return accept(draft(command, book, { kind: 'release', postings: [], memo }));
}

/** Gives back what was set aside. */
export function evolveRelease(book: WorkingBook, { memo }: HoldReleased): void {
  book.endHold(memo.holdId, 'released');
}

function withoutOpenHold(holdId: string, end: HoldEnd): Decision<HoldReleased, Refusal> {
  return end === 'released' || end === 'expired' ? accept() : refuse(endedRefusal(holdId, end));
}
