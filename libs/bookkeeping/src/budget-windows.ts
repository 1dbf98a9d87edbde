import { Units18 } from '@app/money';
import type { BookState, BudgetLimit, BudgetUse, BudgetWindow, Hold } from './book-state.ts';

/**
 * The windows of a budget after a change in one of them, oldest first. Windows before the newest are kept only while
 * something is held in them, and do not come back: nobody asks for them any more.
 */
export function withChange(windows: readonly BudgetWindow[], change: BudgetWindow): readonly BudgetWindow[] {
  const newest = windows.at(-1);
  if (newest === undefined) return [change];
  const changed = windows.map((known) => (known.window === change.window ? sum(known, change) : known));
  if (newest.window < change.window) changed.push(change);
  const last = changed.length - 1;
  return last === 0 ? changed : changed.filter(({ held }, index) => index === last || held !== Units18.zero);
}

function sum(known: BudgetWindow, change: BudgetWindow): BudgetWindow {
  return {
    window: known.window,
    spent: Units18.add(known.spent, change.spent),
    held: Units18.add(known.held, change.held),
  };
}

/** Limits in the windows that count now: one that is over counts as the newest, so that a clock that is behind lends nothing. */
export function inNewestWindows(book: BookState, limits: readonly BudgetLimit[]): readonly BudgetLimit[] {
  return limits.map((limit) => {
    const newest = book.budgets.get(limit.scope)?.at(-1)?.window;
    return newest === undefined || newest <= limit.window ? limit : { ...limit, window: newest };
  });
}

/** Limits in the windows in which a hold counts, for what is added to it counts there too. */
export function inWindowsOf(hold: Hold, limits: readonly BudgetLimit[]): readonly BudgetLimit[] {
  return limits.map((limit) => {
    const use = hold.budgets.find(({ scope }) => scope === limit.scope);
    return use === undefined ? limit : { ...limit, window: use.window };
  });
}

/**
 * The budgets of the customer and of this key that the book counts, in their newest windows: what a charge counts against whose hold
 * has ended, and with it the budgets that the hold named.
 */
export function budgetsOnRecord(book: BookState, keyId: string | null): readonly BudgetUse[] {
  const uses: BudgetUse[] = [];
  for (const [scope, windows] of book.budgets) {
    const owner = scope.slice(0, scope.lastIndexOf(':'));
    const window = windows.at(-1)?.window;
    const isMeant = owner === 'customer' || (keyId !== null && owner === `key:${keyId}`);
    if (isMeant && window !== undefined) uses.push({ scope, window });
  }
  return uses.sort((one, other) => (one.scope < other.scope ? -1 : 1));
}
