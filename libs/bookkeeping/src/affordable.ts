import { Units18 } from '@app/money';
import {
  availableOf,
  type BookState,
  type BudgetLimit,
  type BudgetUse,
  type BudgetWindow,
} from './book-state.ts';
import type { Refusal } from './refusal.ts';

/** Refuses what the wallet, or one of the budgets, cannot bear; says how much would pass. */
export function ifUnaffordable(
  book: BookState,
  needed: Units18,
  limits: readonly BudgetLimit[],
): Refusal | undefined {
  const available = availableOf(book);
  if (needed <= available && limits.length === 0) return undefined;
  const budgets = limits.map((limit) => {
    const { spent, held } = usedOf(book, limit);
    return { limit, spent, held, room: Units18.subtract(limit.limit, Units18.add(spent, held)) };
  });
  const least = budgets.reduce((room, budget) => Units18.min(room, budget.room), available);
  const affordable = Units18.max(Units18.zero, least);
  if (needed <= affordable) return undefined;
  const broken = budgets.find(({ room }) => needed > room);
  if (needed > available || broken === undefined) {
    return { code: 'insufficient-funds', needed, available, affordable };
  }
  const { spent, held } = broken;
  const { owner, scope, window, limit } = broken.limit;
  return { code: `${owner}-budget-exceeded`, scope, window, limit, spent, held, needed, affordable };
}

const unused = { spent: Units18.zero, held: Units18.zero };

/** What counts against a budget: spent and held in its window. */
function usedOf(book: BookState, use: BudgetUse): Pick<BudgetWindow, 'spent' | 'held'> {
  return book.budgets.get(use.scope)?.find(({ window }) => window === use.window) ?? unused;
}
