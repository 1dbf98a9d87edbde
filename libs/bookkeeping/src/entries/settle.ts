import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import { availableOf, type BookState, type HoldEnd } from '../book-state.ts';
import { budgetsOnRecord } from '../budget-windows.ts';
import { ifNegative } from '../checks.ts';
import { collect, collectionPostings } from '../collection.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { endedRefusal, endOf } from '../hold-end.ts';
import { amount, id, listOf, optional, record, type ValueOf } from '../memo-field.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';
import type { ChargeWaiting } from './charge-waiting.ts';
import { type Charge, type ChargeFacts, collectionFields, decideWithoutHold } from './charge.ts';
import { budgetUseMemo } from './hold.ts';

/** The memo of a settlement: `held` is what was set aside, all of which ends here. */
export const settleMemo = record({
  holdId: id,
  chargeId: id,
  keyId: optional(id),
  priceVersionId: optional(id),
  held: amount,
  ...collectionFields,
  budgets: listOf(budgetUseMemo),
});

/** A hold ended by the charge of its call: in part, in full, or in excess. */
export type HoldSettled = DraftOf<'settle', ValueOf<typeof settleMemo>>;

/**
 * Charges a call and ends its hold. A hold that was released, has expired or was never seen makes it a charge without
 * a hold, which counts against the budgets of its key and customer all the same; one that was settled is refused, because the call
 * was already charged.
 */
export interface SettleHold extends CommandOf<'settle-hold'>, ChargeFacts {
  readonly holdId: string;
  readonly ended: HoldEnd;
}

/** Decides a settlement. What is available for it includes what the hold set aside. */
export function decideSettleHold(
  command: SettleHold,
  book: BookState,
): Decision<HoldSettled | Charge | ChargeWaiting, Refusal> {
  const { holdId, chargeId, keyId, priceVersionId, charge } = command;
  const open = book.holds.get(holdId);
  if (open === undefined) {
    const ended = endOf(book, holdId, command.ended);
    if (ended === 'settled') return refuse(endedRefusal(holdId, ended));
    const budgets = command.budgets.length > 0 ? command.budgets : budgetsOnRecord(book, keyId);
    return decideWithoutHold({ ...command, budgets }, book, { holdId, ended });
  }
  const refusal = ifNegative(charge);
  if (refusal !== undefined) return refuse(refusal);
  const { amount: held, budgets } = open;
  const collected = collect(book, charge, Units18.add(availableOf(book), held));
  const postings = collectionPostings(book.bookId, collected);
  const { granted, paid, uncollected, lots } = collected;
  const memo: HoldSettled['memo'] = {
    holdId,
    chargeId,
    keyId,
    priceVersionId,
    held,
    charge,
    granted,
    paid,
    uncollected,
    lots,
    budgets,
  };
  return accept(draft(command, book, { kind: 'settle', postings, memo }));
}

/** Ends the hold and takes the money from the lots. */
export function evolveSettle(book: WorkingBook, { memo }: HoldSettled): void {
  book.endHold(memo.holdId, 'settled');
  book.useLots(memo.lots);
  book.spend(memo.budgets, memo.charge);
}
