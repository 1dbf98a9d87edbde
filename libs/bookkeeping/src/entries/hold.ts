import { accept, type Decision, refuse } from '@app/decider';
import type { Units18 } from '@app/money';
import { ifUnaffordable } from '../affordable.ts';
import type { BookState, BudgetLimit, BudgetUse, HoldEnd } from '../book-state.ts';
import { inNewestWindows } from '../budget-windows.ts';
import { ifNegative } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { endOf } from '../hold-end.ts';
import type { Instant } from '../instant.ts';
import { amount, id, instant, listOf, optional, record, type ValueOf } from '../memo-field.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';

/** The memo of a budget that an entry counts against. */
export const budgetUseMemo = record({ scope: id, window: id });

/** Budgets with the fields of their memo and no others. */
export function budgetUsesOf(budgets: readonly BudgetUse[]): readonly BudgetUse[] {
  return budgets.map(({ scope, window }) => ({ scope, window }));
}

/** The memo of a hold. */
export const holdMemo = record({
  holdId: id,
  amount,
  expiresAt: instant,
  callId: optional(id),
  keyId: optional(id),
  leaseId: optional(id),
  budgets: listOf(budgetUseMemo),
});

/** Money was set aside for a call. No posting: a hold is a memo on the wallet. */
export type HoldPlaced = DraftOf<'hold', ValueOf<typeof holdMemo>>;

/** Sets money aside before a call: one decision over the wallet and every budget. Zero is allowed, for calls at price zero. */
export interface PlaceHold extends CommandOf<'place-hold'> {
  readonly holdId: string;
  readonly amount: Units18;
  readonly expiresAt: Instant;
  readonly callId: string | null;
  readonly keyId: string | null;
  readonly leaseId: string | null;
  readonly limits: readonly BudgetLimit[];
  /** What became of a hold of this id that is not open; the shell looks it up. */
  readonly ended: HoldEnd;
}

/** Decides a hold: one decision over the wallet and every budget. */
export function decidePlaceHold(command: PlaceHold, book: BookState): Decision<HoldPlaced, Refusal> {
  const { holdId, expiresAt, callId, keyId, leaseId } = command;
  const limits = inNewestWindows(book, command.limits);
  const refusal =
    ifNegative(command.amount) ?? ifHoldKnown(command, book) ?? ifUnaffordable(book, command.amount, limits);
  if (refusal !== undefined) return refuse(refusal);
  const budgets = budgetUsesOf(limits);
  const memo = { holdId, amount: command.amount, expiresAt, callId, keyId, leaseId, budgets };
  return accept(draft(command, book, { kind: 'hold', postings: [], memo }));
}

/** Sets the money aside. */
export function evolveHold(book: WorkingBook, { memo }: HoldPlaced): void {
  book.putHold(memo);
}

function ifHoldKnown({ holdId, ended }: PlaceHold, book: BookState): Refusal | undefined {
  const open = book.holds.get(holdId);
  if (open !== undefined) return { code: 'hold-exists', holdId, amount: open.amount };
  const end = endOf(book, holdId, ended);
  return end === 'never-seen' ? undefined : { code: `hold-${end}`, holdId };
}
