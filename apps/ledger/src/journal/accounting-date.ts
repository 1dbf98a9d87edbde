import { Instant } from '@app/bookkeeping';

const shanghaiOffsetUs = 8 * 3_600 * 1_000_000;
const dayUs = 86_400 * 1_000_000;
const days = new Map<number, string>();
const daysKeptMax = 5_000;

/** The Asia/Shanghai day of an instant, `YYYY-MM-DD`: eight hours ahead of UTC all the year. */
export function accountingDateOf(occurredAt: Instant): string {
  const day = Math.floor((occurredAt + shanghaiOffsetUs) / dayUs);
  const known = days.get(day);
  if (known !== undefined) return known;
  if (days.size >= daysKeptMax) days.clear();
  const text = Instant.toText(Instant.of(day * dayUs)).slice(0, 10);
  days.set(day, text);
  return text;
}
