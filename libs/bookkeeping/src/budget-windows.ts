import { Units18 } from '@app/money';
import type { BudgetWindow } from './book-state.ts';

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
