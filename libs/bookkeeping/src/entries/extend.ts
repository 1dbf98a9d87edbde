import type { Units18 } from '@app/money';
import type { HoldEnd } from '../book-state.ts';
import type { CommandOf, DraftOf } from '../draft.ts';
import type { Instant } from '../instant.ts';
import { amount, id, instant, record, type ValueOf } from '../memo-field.ts';
import type { BudgetLimit } from './hold.ts';

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
