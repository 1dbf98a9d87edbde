import type { TopUpStatus } from '@app/funding';

/** What decides when an order is looked at next. */
export interface LookedAt {
  readonly status: TopUpStatus;
  readonly hasAction: boolean;
  readonly expiresAt: Date;
  /** How often it was looked at since its status changed. */
  readonly checks: number;
}

const second = 1_000;
/** How long a call that was begun may still be under way in a process that lives. */
const underWayMs = 15 * second;
const unsureMs = [1, 2, 5, 10, 30, 60].map((seconds) => seconds * second);
const pendingMs = [30, 60, 180, 300, 600].map((seconds) => seconds * second);

/** When to ask the provider about an order again; undefined where there is nothing left to ask. */
export function nextLook(order: LookedAt, now: Date): Date | undefined {
  if (order.status === 'pending' && order.hasAction) return pendingLook(order, now);
  if (order.status === 'created' && order.checks === 0) return after(now, underWayMs);
  return unsure.has(order.status) ? after(now, delayOf(unsureMs, order.checks)) : undefined;
}

/** A pending order without a way to pay is unsure too: it is placed again to get one. */
const unsure: ReadonlySet<TopUpStatus> = new Set(['created', 'unknown', 'pending']);

/** An order is looked at once more right after its end, whatever the rhythm says. */
function pendingLook({ expiresAt, checks }: LookedAt, now: Date): Date {
  const ends = expiresAt.getTime() + second;
  if (now.getTime() >= ends) return after(now, delayOf(unsureMs, checks));
  return new Date(Math.min(after(now, delayOf(pendingMs, checks)).getTime(), ends));
}

const after = (now: Date, ms: number): Date => new Date(now.getTime() + ms);

const delayOf = (rhythm: readonly number[], checks: number): number =>
  rhythm[Math.min(checks, rhythm.length - 1)] ?? 60 * second;
