import type { ChannelPolicy } from '../channels/payment-channel.ts';

/** What of an order decides when a part of it may go back. */
export interface RefundedOrder {
  readonly paidAt: Date;
  /** How many items of it were ever sent. */
  readonly refundCount: number;
  readonly lastRefundAt: Date | undefined;
}

const dayMs = 24 * 60 * 60 * 1000;
/** Not the last day of a window: the provider's clock and ours need not agree on it. */
const marginDays = 1;

/** When an item may be sent: now, at an instant, or only by people another way. One that was sent may be sent again. */
export function waitFor(
  { paidAt, refundCount, lastRefundAt }: RefundedOrder,
  policy: ChannelPolicy,
  { now, isFirst }: { now: Date; isFirst: boolean },
): 'go' | 'people' | Date {
  const windowEnds = paidAt.getTime() + (policy.refundWindowDays - marginDays) * dayMs;
  if (isFirst && (now.getTime() > windowEnds || refundCount >= policy.refundsPerOrderMax)) return 'people';
  const free = (lastRefundAt?.getTime() ?? 0) + policy.refundSpacingMs;
  return now.getTime() < free ? new Date(free) : 'go';
}
