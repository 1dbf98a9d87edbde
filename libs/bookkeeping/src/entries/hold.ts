import type { Units18 } from '@app/money';
import type { BudgetUse, HoldEnd } from '../book-state.ts';
import type { CommandOf, DraftOf } from '../draft.ts';
import type { Instant } from '../instant.ts';
import { amount, id, instant, listOf, optional, record, type ValueOf } from '../memo-field.ts';

/** The memo of a budget that an entry counts against. */
export const budgetUseMemo = record({ scope: id, window: id });

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

/** A limit on what one key or one customer may spend in a window of time. */
export interface BudgetLimit extends BudgetUse {
  readonly owner: 'key' | 'customer';
  readonly limit: Units18;
}

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
