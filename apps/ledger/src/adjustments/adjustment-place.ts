import { channelBookOf, upstreamBookOf } from '@app/contracts';
import type { Adjustment, AdjustmentOf, Template } from './adjustment-template.ts';

/** Where an adjustment belongs. */
export interface AdjustmentPlace {
  /** The book of its entry; empty where there is none. */
  readonly bookId: string;
  /** Follows from the business fact where there is one, so that the same fact is recorded once, whoever asks for it. */
  readonly eventId: string;
  /** A charge, or money in suspense, whose adjustments count together; empty where there is no such thing. */
  readonly aboutId: string;
}

/** The book, the event id and the matter of an adjustment. */
export function placeOf(adjustment: Adjustment, adjustmentId: string): AdjustmentPlace {
  const own = `${adjustmentId}:posted`;
  if ('month' in adjustment) return place('', own);
  if ('suspenseId' in adjustment) return suspensePlace(adjustment);
  if ('chargeId' in adjustment) return place(adjustment.customerId, own, adjustment.chargeId);
  if (adjustment.template === 'opening-balance')
    return place(adjustment.customerId, `${adjustment.customerId}:opening-balance`);
  return 'customerId' in adjustment ? place(adjustment.customerId, own) : platformPlace(adjustment);
}

/** What became of the fact, as in the id of the event that tells the same: once recorded, by hand or by event, it is a repetition. */
const deeds = {
  'suspense-in': 'received',
  'suspense-assign': 'assigned',
  'suspense-return': 'returned',
  'channel-fee': 'taken',
  'channel-fee-return': 'returned',
  settlement: 'settled',
  'upstream-bill': 'paid',
} as const satisfies Partial<Record<Template, string>>;

function suspensePlace(adjustment: Extract<Adjustment, { suspenseId: string }>): AdjustmentPlace {
  const { template, suspenseId, amount } = adjustment;
  const bookId = 'customerId' in adjustment ? adjustment.customerId : channelBookOf(amount.currency);
  return place(bookId, `${suspenseId}:${deeds[template]}`, suspenseId);
}

type PlatformTemplate = 'channel-fee' | 'channel-fee-return' | 'settlement' | 'upstream-bill';

function platformPlace(adjustment: AdjustmentOf<PlatformTemplate>): AdjustmentPlace {
  const deed = deeds[adjustment.template];
  if (adjustment.template === 'upstream-bill') {
    return place(upstreamBookOf(adjustment.currency), `${adjustment.billId}:${deed}`);
  }
  const factId = adjustment.template === 'settlement' ? adjustment.settlementId : adjustment.feeId;
  return place(channelBookOf(adjustment.amount.currency), `${factId}:${deed}`);
}

const place = (bookId: string, eventId: string, aboutId = ''): AdjustmentPlace => ({
  bookId,
  eventId,
  aboutId,
});
