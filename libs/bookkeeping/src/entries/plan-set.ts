import { accept, type Decision, refuse } from '@app/decider';
import type { BookState, PlanTerms } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';

/** The memo of a plan: `credits` credits cost `amount`. */
export const planSetMemo = record({ code: id, credits: amount, amount });

/** A wallet got its plan, and with its first plan its book and its currency. */
export type PlanSet = DraftOf<'plan-set', ValueOf<typeof planSetMemo>>;

/** Opens the book of a customer, or changes its plan; setting the plan that is set changes nothing. */
export interface SetPlan extends CommandOf<'set-plan'> {
  readonly plan: PlanTerms;
}

/** Decides a plan; the plan that is set already leaves nothing to record. */
export function decideSetPlan(command: SetPlan, book: BookState): Decision<PlanSet, Refusal> {
  const { code, credits, amount: price } = command.plan;
  const refusal = unlessPositive(credits) ?? unlessPositive(price);
  if (refusal !== undefined) return refuse(refusal);
  const { plan } = book;
  if (plan?.code === code && plan.credits === credits && plan.amount === price) return accept();
  return accept(
    draft(command, book, { kind: 'plan-set', postings: [], memo: { code, credits, amount: price } }),
  );
}

/** Pins the plan to the wallet. */
export function evolvePlanSet(book: WorkingBook, { memo }: PlanSet): void {
  book.plan = memo;
}
