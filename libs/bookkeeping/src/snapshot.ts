import type { Units18 } from '@app/money';
import type { AccountId } from './account.ts';
import type { BookState, BudgetUse, Hold, Lot, OpenRefund, PlanTerms, WaitingCharge } from './book-state.ts';
import { WorkingBook } from './working-book.ts';

/** The figures of a book's head row. */
export interface BookHead {
  readonly bookId: string;
  readonly currency: string;
  readonly version: number;
  readonly paid: Units18;
  readonly granted: Units18;
  readonly held: Units18;
  readonly plan: PlanTerms | null;
}

/** What counts against one budget in one window, as a row. */
export interface BudgetRow extends BudgetUse {
  readonly spent: Units18;
  readonly held: Units18;
}

/** The turnover of one account in one book, as a row. */
export interface AccountSumRow {
  readonly account: AccountId;
  readonly debit: Units18;
  readonly credit: Units18;
}

/** A book as rows: its head and what is open, in a stable order, so that equal books have equal snapshots. */
export interface BookSnapshot extends BookHead {
  /** In the order of their ids. */
  readonly holds: readonly Hold[];
  /** Oldest first. */
  readonly lots: readonly Lot[];
  /** In the order of their ids. */
  readonly refunds: readonly OpenRefund[];
  /** Oldest first. */
  readonly waiting: readonly WaitingCharge[];
  /** In the order of scope and window. */
  readonly budgets: readonly BudgetRow[];
  /** In the order of their accounts. A shell that keeps no sums per book restores with none. */
  readonly sums: readonly AccountSumRow[];
}

/** The book as rows. */
export function snapshotOf(book: BookState): BookSnapshot {
  const { bookId, currency, version, paid, granted, held, plan } = book;
  return {
    ...{ bookId, currency, version, paid, granted, held, plan },
    holds: sortedBy([...book.holds.values()], ({ holdId }) => holdId),
    lots: [...book.lots],
    refunds: sortedBy([...book.refunds.values()], ({ refundId }) => refundId),
    waiting: [...book.waiting],
    budgets: sortedBy([...book.budgets], ([scope]) => scope).flatMap(([scope, windows]) =>
      windows.map((window) => ({ scope, ...window })),
    ),
    sums: sortedBy([...book.sums], ([account]) => account).map(([account, sum]) => ({ account, ...sum })),
  };
}

/** The book that a snapshot was taken of. */
export function restored(snapshot: BookSnapshot): WorkingBook {
  const book = new WorkingBook(snapshot.bookId);
  const { currency, version, paid, granted, held, plan } = snapshot;
  Object.assign(book, { currency, version, paid, granted, held, plan });
  for (const hold of snapshot.holds) book.holds.set(hold.holdId, hold);
  book.lots.push(...snapshot.lots);
  for (const refund of snapshot.refunds) book.refunds.set(refund.refundId, refund);
  book.waiting.push(...snapshot.waiting);
  for (const { scope, ...window } of snapshot.budgets) {
    book.budgets.set(scope, [...(book.budgets.get(scope) ?? []), window]);
  }
  for (const { account, debit, credit } of snapshot.sums) book.sums.set(account, { debit, credit });
  return book;
}

function sortedBy<Item>(items: Item[], keyOf: (item: Item) => string): Item[] {
  return items.sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
}
