import type { RefundOrder } from './messages.ts';
import { digits, type Orders } from './orders.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { OrderRecord, RefundRecord, TradeRecords } from '../providers/trade-records.ts';
import { beijingTime, type VirtualClock } from '../providers/virtual-clock.ts';

const refundsPerOrderMax = 50;
const windowMs = 365 * 24 * 60 * 60 * 1000;

/** The provider's rules of refunds: one number, one refund; never above the payment; spaced; within a year. */
export class Refunds {
  private readonly records: TradeRecords;
  private readonly orders: Orders;
  private readonly clock: VirtualClock;
  private readonly spacingMs: number;

  constructor(parts: { records: TradeRecords; orders: Orders; clock: VirtualClock; spacingMs: number }) {
    this.records = parts.records;
    this.orders = parts.orders;
    this.clock = parts.clock;
    this.spacingMs = parts.spacingMs;
  }

  /** The same number with the same content gives the same refund: accepted, not yet paid. */
  place(body: RefundOrder): RefundRecord {
    const order = this.orderOf(body);
    const known = this.records.refund(body.out_refund_no);
    if (known) return sameOrRefused(known, body, order);
    this.check(order, body);
    return this.records.saveRefund({
      outRefundNo: body.out_refund_no,
      refundId: `5030${digits(24)}`,
      outTradeNo: order.outTradeNo,
      transactionId: order.transactionId ?? '',
      ...(body.reason === undefined ? {} : { reason: body.reason }),
      ...(body.notify_url === undefined ? {} : { notifyUrl: body.notify_url }),
      refund: body.amount.refund,
      total: body.amount.total,
      currency: body.amount.currency,
      status: 'PROCESSING',
      createdAt: this.clock.now().toISOString(),
    });
  }

  get(outRefundNo: string): RefundRecord {
    const refund = this.records.refund(outRefundNo);
    if (!refund) throw new ProviderError(404, 'RESOURCE_NOT_EXISTS', 'There is no refund of this number.');
    return refund;
  }

  /** Ends a refund, or makes it abnormal, which can still be ended later. */
  end(outRefundNo: string, status: 'SUCCESS' | 'CLOSED' | 'ABNORMAL'): RefundRecord {
    const refund = this.get(outRefundNo);
    if (refund.status === 'SUCCESS' || refund.status === 'CLOSED') return refund;
    const ended = this.records.saveRefund({ ...refund, status, endedAt: this.clock.now().toISOString() });
    if (status === 'SUCCESS')
      this.records.saveOrder({ ...this.orders.get(refund.outTradeNo), state: 'REFUND' });
    return ended;
  }

  private orderOf(body: RefundOrder): OrderRecord {
    if (body.transaction_id !== undefined) return this.orders.byTransaction(body.transaction_id);
    return this.orders.get(body.out_trade_no ?? '');
  }

  private check(order: OrderRecord, body: RefundOrder): void {
    const now = this.clock.now().getTime();
    const earlier = this.records.refundsOf(order.outTradeNo);
    const alive = earlier.filter(({ status }) => status !== 'CLOSED');
    const refunded = alive.reduce((sum, { refund }) => sum + refund, 0);
    const last = earlier.at(-1);
    if (order.paidAt === undefined) throw refused('The order was not paid.');
    if (body.amount.total !== order.told.total) throw refused('amount.total is not the total of the order.');
    if (refunded + body.amount.refund > order.told.total) throw refused('The refunds exceed what was paid.');
    if (now - new Date(order.paidAt).getTime() > windowMs) throw refused('The payment is older than a year.');
    if (alive.length >= refundsPerOrderMax) throw refused('The order has been refunded 50 times.');
    if (last && now - new Date(last.createdAt).getTime() < this.spacingMs) {
      throw new ProviderError(
        429,
        'FREQUENCY_LIMITED',
        'Two refunds of one order need a minute between them.',
      );
    }
  }
}

/** A refund as the provider tells it in answers. */
export function refundOf(refund: RefundRecord) {
  const { outRefundNo, refundId, outTradeNo, transactionId, status } = refund;
  return {
    refund_id: refundId,
    out_refund_no: outRefundNo,
    transaction_id: transactionId,
    out_trade_no: outTradeNo,
    channel: 'ORIGINAL',
    user_received_account: '支付用户零钱',
    ...(status === 'SUCCESS'
      ? { success_time: beijingTime(new Date(refund.endedAt ?? refund.createdAt)) }
      : {}),
    create_time: beijingTime(new Date(refund.createdAt)),
    status,
    funds_account: 'AVAILABLE',
    amount: amountOf(refund),
  };
}

/** A refund as a notification tells it: another name for the status, and the merchant named. */
export function notifiedRefundOf(refund: RefundRecord, mchid: string) {
  const { status, success_time, amount, ...rest } = refundOf(refund);
  const { out_trade_no, transaction_id, out_refund_no, refund_id, user_received_account } = rest;
  const { total, refund: refunded, payer_total, payer_refund } = amount;
  return {
    mchid,
    out_trade_no,
    transaction_id,
    out_refund_no,
    refund_id,
    refund_status: status,
    ...(success_time === undefined ? {} : { success_time }),
    user_received_account,
    amount: { total, refund: refunded, payer_total, payer_refund },
  };
}

function amountOf({ total, refund, currency }: RefundRecord) {
  return {
    total,
    refund,
    from: [],
    payer_total: total,
    payer_refund: refund,
    settlement_refund: refund,
    settlement_total: total,
    discount_refund: 0,
    currency,
  };
}

function sameOrRefused(known: RefundRecord, body: RefundOrder, order: OrderRecord): RefundRecord {
  const same =
    known.outTradeNo === order.outTradeNo &&
    known.refund === body.amount.refund &&
    known.total === body.amount.total;
  if (!same) throw refused('This out_refund_no was used with other content.');
  return known;
}

const refused = (message: string) => new ProviderError(400, 'INVALID_REQUEST', message);
