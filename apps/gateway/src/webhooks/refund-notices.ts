import type { EventOf, RefundClosed, RefundRefused, RefundReserved } from '@app/contracts';
import { type Notice, noticeOf } from './notice.ts';

/** What the ledger says of refunds. */
export type RefundNews =
  EventOf<typeof RefundClosed> | EventOf<typeof RefundRefused> | EventOf<typeof RefundReserved>;

/** What news of a refund means to its customer; that money was set aside is not told. */
export function refundNotices(news: RefundNews): readonly Notice[] {
  switch (news.type) {
    case 'RefundReserved':
      return [];
    case 'RefundClosed': {
      const { refundId, customerId, paid, givenBack, closedAt: at } = news.data;
      const { currency } = paid;
      const data = { refund_id: refundId, currency, paid: paid.amount, given_back: givenBack.amount };
      return [noticeOf({ customerId, type: 'refund.completed', at, data }, refundId)];
    }
    case 'RefundRefused': {
      const { refundId, customerId, code, refundable, refusedAt: at } = news.data;
      const { amount, currency } = refundable;
      const data = { refund_id: refundId, currency, code, refundable: amount };
      return [noticeOf({ customerId, type: 'refund.refused', at, data }, refundId)];
    }
  }
}
