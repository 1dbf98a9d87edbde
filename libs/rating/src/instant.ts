import { invariant } from '@app/decider';

const instant = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z$/;
const secondEnd = 19;
const fractionDigits = 6;

/**
 * Compares two UTC instants to the microsecond: −1, 0 or 1.
 * Texts alone would mislead: `08:00:00.5Z` sorts before `08:00:00Z`.
 */
export function compareInstants(left: string, right: string): -1 | 0 | 1 {
  const a = sortable(left);
  const b = sortable(right);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Minutes since midnight UTC of an instant. */
export function minuteOfDay(at: string): number {
  invariant(instant.test(at), 'an instant is UTC text such as "2026-11-22T08:00:00.123456Z"');
  return minutes(at.slice(11, 16));
}

/** Minutes since midnight of a time of day such as `04:30`. */
export function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

function sortable(text: string): string {
  invariant(instant.test(text), 'an instant is UTC text such as "2026-11-22T08:00:00.123456Z"');
  const fraction = text.slice(secondEnd + 1, -1).padEnd(fractionDigits, '0');
  return text.slice(0, secondEnd) + fraction;
}
