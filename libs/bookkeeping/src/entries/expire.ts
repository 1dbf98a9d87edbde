import { accept, type Decision, refuse } from '@app/decider';
import type { BookState, HoldEnd } from '../book-state.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { endedRefusal, endOf } from '../hold-end.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';

/** The memo of an expiry. */
export const expireMemo = record({ holdId: id, amount });

/** A hold ended because its gateway was not heard of in time. */
export type HoldExpired = DraftOf<'expire', ValueOf<typeof expireMemo>>;

/**
 * Ends a hold whose time is over at `occurredAt`. The lease of its gateway, and whether metering has the call, are
 * outside the journal: the shell asks only where neither keeps the hold. A hold that has ended is left as it is.
 */
export interface ExpireHold extends CommandOf<'expire-hold'> {
  readonly holdId: string;
  readonly ended: HoldEnd;
}

/** Decides an expiry; a hold that has ended, however, needs none. */
export function decideExpireHold(command: ExpireHold, book: BookState): Decision<HoldExpired, Refusal> {
  const { holdId } = command;
  const open = book.holds.get(holdId);
  if (open === undefined) {
    const end = endOf(book, holdId, command.ended);
    return end === 'never-seen' ? refuse(endedRefusal(holdId, end)) : accept();
  }
  const { expiresAt } = open;
  if (expiresAt > command.occurredAt) return refuse({ code: 'hold-not-expired', holdId, expiresAt });
  const memo = { holdId, amount: open.amount };
  return accept(draft(command, book, { kind: 'expire', postings: [], memo }));
}

/** Gives back what was set aside. */
export function evolveExpire(book: WorkingBook, { memo }: HoldExpired): void {
  book.endHold(memo.holdId, 'expired');
}
