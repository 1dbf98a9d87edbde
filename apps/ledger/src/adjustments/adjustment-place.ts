import type { Adjustment, AdjustmentOf } from './adjustment-template.ts';

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

function suspensePlace(adjustment: Extract<Adjustment, { suspenseId: string }>): AdjustmentPlace {
  const { template, suspenseId, amount } = adjustment;
  const bookId = 'customerId' in adjustment ? adjustment.customerId : channelBook(amount.currency);
  return place(bookId, `${suspenseId}:${template}`, suspenseId);
}

type PlatformTemplate = 'channel-fee' | 'channel-fee-return' | 'settlement' | 'upstream-bill';

function platformPlace(adjustment: AdjustmentOf<PlatformTemplate>): AdjustmentPlace {
  if (adjustment.template === 'upstream-bill') {
    const bookId = `platform:upstreams-${adjustment.currency.toLowerCase()}:0`;
    return place(bookId, `${adjustment.billId}:upstream-bill`);
  }
  const factId = adjustment.template === 'settlement' ? adjustment.settlementId : adjustment.feeId;
  return place(channelBook(adjustment.amount.currency), `${factId}:${adjustment.template}`);
}

const place = (bookId: string, eventId: string, aboutId = ''): AdjustmentPlace => ({
  bookId,
  eventId,
  aboutId,
});

/** A book has one currency, and so has each book of the channels. */
const channelBook = (currency: string): string => `platform:channels-${currency.toLowerCase()}:0`;
