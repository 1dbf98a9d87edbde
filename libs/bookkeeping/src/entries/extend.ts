import { accept, type Decision, invariant, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import { ifUnaffordable } from '../affordable.ts';
import type { BookState, HoldEnd } from '../book-state.ts';
import type { BudgetLimit } from '../book-state.ts';
import { inWindowsOf } from '../budget-windows.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { endedRefusal, endOf } from '../hold-end.ts';
import type { Instant } from '../instant.ts';
import { amount, id, instant, record, type ValueOf } from '../memo-field.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';

/** The memo of an extension: the hold grows by `by` and then ends at `expiresAt`. */
export const extendMemo = record({ holdId: id, by: amount, expiresAt: instant });

/** A hold was raised while its call went on. */
export type HoldExtended = DraftOf<'extend', ValueOf<typeof extendMemo>>;

/** Raises an open hold by more than zero, under the same limits as a new one; `expiresAt` null keeps the time. */
export interface ExtendHold extends CommandOf<'extend-hold'> {
  readonly holdId: string;
  readonly by: Units18;
  readonly expiresAt: Instant | null;
  readonly limits: readonly BudgetLimit[];
  readonly ended: HoldEnd;
}

/** Decides an extension, under the rules of a new hold. */
export function decideExtendHold(command: ExtendHold, book: BookState): Decision<HoldExtended, Refusal> {
  const { holdId, by } = command;
  const open = book.holds.get(holdId);
  if (open === undefined) return refuse(endedRefusal(holdId, endOf(book, holdId, command.ended)));
  const refusal = unlessPositive(by) ?? ifUnaffordable(book, by, inWindowsOf(open, command.limits));
  if (refusal !== undefined) return refuse(refusal);
  const memo = { holdId, by, expiresAt: command.expiresAt ?? open.expiresAt };
  return accept(draft(command, book, { kind: 'extend', postings: [], memo }));
}

/** Raises the hold. */
export function evolveExtend(book: WorkingBook, { memo }: HoldExtended): void {
  const open = book.holds.get(memo.holdId);
  invariant(open !== undefined, `hold ${memo.holdId} is open`);
  book.putHold({ ...open, amount: Units18.add(open.amount, memo.by), expiresAt: memo.expiresAt });
}
