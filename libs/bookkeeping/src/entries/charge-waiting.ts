import type { DraftOf } from '../draft.ts';
import { amount, id, instant, listOf, optional, record, type ValueOf } from '../memo-field.ts';
import type { WorkingBook } from '../working-book.ts';
import { budgetUseMemo } from './hold.ts';

/** The memo of a charge that waits: nothing is collected yet. */
export const chargeWaitingMemo = record({
  chargeId: id,
  keyId: optional(id),
  priceVersionId: optional(id),
  holdId: optional(id),
  charge: amount,
  waitsUntil: instant,
  budgets: listOf(budgetUseMemo),
});

/** A charge without a hold exceeds what is available, or others wait before it; no posting. */
export type ChargeWaiting = DraftOf<'charge-waiting', ValueOf<typeof chargeWaitingMemo>>;

/** The charge waits; it counts against its budgets at once, because the usage is a fact. */
export function evolveChargeWaiting(book: WorkingBook, { eventId, memo }: ChargeWaiting): void {
  const { chargeId, keyId, charge, waitsUntil, budgets } = memo;
  book.putWaiting({ chargeId, keyId, amount: charge, eventId, waitsUntil });
  book.spend(budgets, charge);
}
