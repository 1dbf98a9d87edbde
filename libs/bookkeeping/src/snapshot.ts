import type { AccountId } from './account.ts';
import type { BudgetUse, Hold, Lot, OpenRefund, PlanTerms, WaitingCharge } from './book-state.ts';
import type { Units18 } from '@app/money';

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
