import type { Instant } from './instant.ts';

/** How days are counted, and which are closed. */
export interface AccountingCalendar {
  /** Minutes that the clock of the accounts is ahead of UTC. */
  readonly offsetMinutes: number;
  /** The first day that is open, `YYYY-MM-DD`; null where no period was ever closed. */
  readonly firstOpenDay: string | null;
}

/** Days of Asia/Shanghai, which has had one offset since 1991; nothing is closed. */
export const shanghaiCalendar: AccountingCalendar = { offsetMinutes: 480, firstOpenDay: null };

const microsecondsPerMinute = 60_000_000;
const microsecondsPerMillisecond = 1000;
const dayEnd = 10;

/** The day of the accounts on which something falls: its own day, or the first open one where that day is closed. */
export function accountingDateOf(
  occurredAt: Instant,
  { offsetMinutes, firstOpenDay }: AccountingCalendar = shanghaiCalendar,
): string {
  const local = occurredAt + offsetMinutes * microsecondsPerMinute;
  const milliseconds = Math.floor(local / microsecondsPerMillisecond);
  const day = new Date(milliseconds).toISOString().slice(0, dayEnd);
  return firstOpenDay !== null && day < firstOpenDay ? firstOpenDay : day;
}
