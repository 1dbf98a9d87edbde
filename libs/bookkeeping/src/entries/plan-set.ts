import type { CommandOf, DraftOf } from '../draft.ts';
import type { PlanTerms } from '../book-state.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of a plan: `credits` credits cost `amount`. */
export const planSetMemo = record({ code: id, credits: amount, amount });

/** A wallet got its plan, and with its first plan its book and its currency. */
export type PlanSet = DraftOf<'plan-set', ValueOf<typeof planSetMemo>>;

/** Opens the book of a customer, or changes its plan; setting the plan that is set changes nothing. */
export interface SetPlan extends CommandOf<'set-plan'> {
  readonly plan: PlanTerms;
}
