import type { Caller } from './caller.ts';

/** A budget of a key in the window that counts now, as the ledger decides it. */
export interface KeyBudget {
  readonly owner: 'key';
  readonly window: string;
  readonly limit: string;
}

/** The budgets of a key at an instant: its days and months are those of the customer. */
export function budgetsAt(
  { policy: { budgets }, timeZone }: Pick<Caller, 'policy' | 'timeZone'>,
  at: string,
): readonly KeyBudget[] {
  const { total, daily, monthly } = budgets;
  if (total === null && daily === null && monthly === null) return [];
  const day = dayOf(at, timeZone);
  const windows = [
    ['total', total],
    [day, daily],
    [day.slice(0, 7), monthly],
  ] as const;
  return windows.flatMap(([window, limit]) =>
    limit === null ? [] : [{ owner: 'key' as const, window, limit }],
  );
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
