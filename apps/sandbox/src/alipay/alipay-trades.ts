import { randomBytes, randomInt } from 'node:crypto';
import type { OrderRecord, RefundRecord, TradeRecords } from '../providers/trade-records.ts';
import type { VirtualClock } from '../providers/virtual-clock.ts';
import { refused } from './gateway-error.ts';
import type { PrecreateContent, RefundContent } from './gateway-content.ts';
import { fenOf, instantOf } from './gateway-content.ts';

export interface TradeRules {
  readonly refundWindowDays: number;
  readonly refundSpacingMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * The provider's rules: one number, one trade, which exists once the buyer has seen it; paid once; closed only while
 * unpaid; refunds spaced, within the contract's window and never above the payment.
 */
export class AlipayTrades {
  private readonly records: TradeRecords;
  private readonly clock: VirtualClock;
  private readonly rules: TradeRules;

  constructor(records: TradeRecords, clock: VirtualClock, rules: TradeRules) {
    this.records = records;
    this.clock = clock;
    this.rules = rules;
  }

  /** The same number with the same content is the same trade; with other content it is refused. */
  place(content: PrecreateContent, notifyUrl: string): OrderRecord {
    const total = fenOf(content.total_amount);
    const known = this.records.order(content.out_trade_no);
    if (known) {
      if (known.state !== 'NOTPAY') throw refused(stateCodes[known.state], 'The trade has ended.');
      if (known.total !== total || known.description !== content.subject)
        throw refused('CONTEXT_INCONSISTENT', 'This out_trade_no was used with other content.');
      return known;
    }
    return this.records.saveOrder({
      outTradeNo: content.out_trade_no,
      description: content.subject,
      notifyUrl,
      total,
      currency: 'CNY',
      ...(content.time_expire === undefined ? {} : { timeExpire: instantOf(content.time_expire) }),
      codeUrl: `https://qr.alipay.com/bax${randomBytes(9).toString('hex')}`,
      createdAt: this.clock.now().toISOString(),
      state: 'NOTPAY',
      seen: false,
      told: { total, currency: 'CNY' },
    });
  }

  /** The trade as far as it exists: before the buyer has seen it there is none. */
  get(outTradeNo: string): OrderRecord {
    const order = this.records.order(outTradeNo);
    if (order?.seen !== true) throw refused('TRADE_NOT_EXIST', 'There is no trade of this number.');
    return order;
  }

  /** The buyer opens it. */
  see(order: OrderRecord): OrderRecord {
    if (order.seen === true) return order;
    return this.records.saveOrder({
      ...order,
      seen: true,
      transactionId: `${day(this.clock.now())}${digits(20)}`,
    });
  }

  close(outTradeNo: string): OrderRecord {
    const order = this.get(outTradeNo);
    if (order.state !== 'NOTPAY') throw refused('TRADE_STATUS_ERROR', 'The trade cannot be closed.');
    return this.records.saveOrder({ ...order, state: 'CLOSED' });
  }

  /** The buyer pays. `late` lets through money that was on its way when the trade ended. */
  pay(placed: OrderRecord, options: { readonly late: boolean; readonly told: number }): OrderRecord {
    const order = this.see(placed);
    if (order.state === 'SUCCESS' || order.state === 'REFUND')
      throw refused('TRADE_HAS_SUCCESS', 'The trade was paid before.');
    const ended = order.timeExpire !== undefined && new Date(order.timeExpire) <= this.clock.now();
    if ((order.state === 'CLOSED' || ended) && !options.late)
      throw refused('TRADE_HAS_CLOSE', 'The trade has ended and cannot be paid.');
    return this.records.saveOrder({
      ...order,
      state: 'SUCCESS',
      paidAt: this.clock.now().toISOString(),
      told: { total: options.told, currency: 'CNY' },
    });
  }

  /**
   * The same number with the same amount is the same refund, of which a repeat moves nothing. One that failed has left nothing
   * behind, no answer tells of it, and its number is sent anew.
   */
  refund(content: RefundContent): { readonly refund: RefundRecord; readonly isNew: boolean } {
    const order = this.get(content.out_trade_no);
    const amount = fenOf(content.refund_amount);
    const known = this.records.refund(content.out_request_no);
    if (known && known.status !== 'CLOSED') {
      if (known.refund === amount && known.outTradeNo === order.outTradeNo)
        return { refund: known, isNew: false };
      throw refused('DISCORDANT_REPEAT_REQUEST', 'This out_request_no was used with other content.');
    }
    this.check(order, amount);
    const refund = this.records.saveRefund({
      outRefundNo: content.out_request_no,
      refundId: content.out_request_no,
      outTradeNo: order.outTradeNo,
      transactionId: order.transactionId ?? '',
      refund: amount,
      total: order.total,
      currency: 'CNY',
      status: 'PROCESSING',
      createdAt: this.clock.now().toISOString(),
    });
    return { refund, isNew: true };
  }

  endRefund(outRefundNo: string, status: RefundRecord['status']): RefundRecord {
    const refund = this.records.refund(outRefundNo);
    if (!refund) throw refused('TRADE_NOT_EXIST', 'There is no refund of this number.');
    if (refund.status === 'SUCCESS' || refund.status === 'CLOSED') return refund;
    if (status === 'SUCCESS') this.records.saveOrder({ ...this.get(refund.outTradeNo), state: 'REFUND' });
    return this.records.saveRefund({ ...refund, status, endedAt: this.clock.now().toISOString() });
  }

  /** What was paid back so far, in fen. */
  refundedOf({ outTradeNo }: OrderRecord): number {
    return this.records
      .refundsOf(outTradeNo)
      .filter(({ status }) => status === 'SUCCESS')
      .reduce((sum, { refund }) => sum + refund, 0);
  }

  private check(order: OrderRecord, amount: number): void {
    const now = this.clock.now().getTime();
    const earlier = this.records.refundsOf(order.outTradeNo);
    const alive = earlier.filter(({ status }) => status !== 'CLOSED');
    if (order.paidAt === undefined) throw refused('TRADE_STATUS_ERROR', 'The trade was not paid.');
    if (now - new Date(order.paidAt).getTime() > this.rules.refundWindowDays * dayMs)
      throw refused('TRADE_HAS_FINISHED', 'The trade is past the window of the contract.');
    if (alive.reduce((sum, { refund }) => sum + refund, amount) > order.told.total)
      throw refused('REFUND_AMT_NOT_EQUAL_TOTAL', 'The refunds exceed what was paid.');
    const last = earlier.at(-1);
    if (last && now - new Date(last.createdAt).getTime() < this.rules.refundSpacingMs)
      throw refused('SYSTEM_ERROR', 'Two refunds of one trade need three seconds between them.');
  }
}

const stateCodes = {
  SUCCESS: 'TRADE_HAS_SUCCESS',
  REFUND: 'TRADE_HAS_SUCCESS',
  CLOSED: 'TRADE_HAS_CLOSE',
} as const;

const day = (instant: Date): string => instant.toISOString().slice(0, 10).replaceAll('-', '');
const digits = (count: number): string => Array.from({ length: count }, () => String(randomInt(10))).join('');
