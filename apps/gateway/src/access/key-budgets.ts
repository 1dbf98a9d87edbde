import type { Caller } from './caller.ts';
import type { Budgets } from './key-policy.ts';

/** A budget of a key or of its customer in the window that counts now, as the ledger decides it. */
export interface WindowBudget {
  readonly owner: 'key' | 'customer';
  readonly window: string;
  readonly limit: string;
}

type Budgeted = Pick<Caller, 'policy' | 'customerBudgets' | 'timeZone'>;

/** The budgets of a key and of its customer at an instant: days and months are those of the customer. */
export function budgetsAt(
  { policy, customerBudgets, timeZone }: Budgeted,
  at: string,
): readonly WindowBudget[] {
  const owners = [
    ['key', policy.budgets],
    ['customer', customerBudgets],
  ] as const;
  const limited = owners.filter(([, budgets]) => Object.values(budgets).some((limit) => limit !== null));
  if (limited.length === 0) return [];
  const day = dayOf(at, timeZone);
  return limited.flatMap(([owner, budgets]) => windowsOf(budgets, day).map((one) => ({ owner, ...one })));
}

function windowsOf(
  { total, daily, monthly }: Budgets,
  day: string,
): Pick<WindowBudget, 'window' | 'limit'>[] {
  const windows = [
    ['total', total],
    [day, daily],
    [day.slice(0, 7), monthly],
  ] as const;
  return windows.flatMap(([window, limit]) => (limit === null ? [] : [{ window, limit }]));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The day of an instant in a time zone, such as `2026-11-22`. */
function dayOf(at: string, timeZone: string): string {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  formats.set(timeZone, format);
  return format.format(Date.parse(at));
}
