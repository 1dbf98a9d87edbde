import type { RefundItemStatus } from '@app/funding';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const unsureMs = [1, 2, 5, 10, 30, 60].map((seconds) => seconds * second);
const processingMs = [10 * second, 30 * second, minute, 5 * minute, 30 * minute, hour];
const noFundsMs = [minute, 5 * minute, 30 * minute];

/** When an item is looked at again; undefined where it has ended or waits for people. */
export function nextItemLook(
  { status, checks }: { status: RefundItemStatus; checks: number },
  now: Date,
): Date | undefined {
  const rhythm = rhythms[status];
  const delay = rhythm?.[Math.min(checks, rhythm.length - 1)];
  return delay === undefined ? undefined : new Date(now.getTime() + delay);
}

/** A call that was begun may still be under way for some seconds in a process that lives. */
const rhythms: Readonly<Record<RefundItemStatus, readonly number[] | undefined>> = {
  created: [0],
  submitting: [15 * second],
  unknown: unsureMs,
  processing: processingMs,
  queued_funds: noFundsMs,
  abnormal: [hour],
  manual_payout: undefined,
  succeeded: undefined,
  failed: undefined,
};
