import { randomInt } from 'node:crypto';
import type { MoneyBook } from './money-book.ts';
import { ProviderError } from './provider-error.ts';
import type { OrderRecord, RefundRecord, TradeRecords, WithdrawalRecord } from './trade-records.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What happens at a provider without the merchant's program: people in the merchant console, and other shops of the merchant. */
export class MerchantConsole {
  private readonly records: TradeRecords;
  private readonly clock: VirtualClock;
  private readonly book: MoneyBook;

  constructor(records: TradeRecords, clock: VirtualClock, book: MoneyBook) {
    this.records = records;
    this.clock = clock;
    this.book = book;
  }

  /** A payment of an order that the merchant's program has never placed; nobody is told. */
  payElsewhere(fen: number): OrderRecord {
    const at = this.clock.now().toISOString();
    const amount = { total: fen, currency: 'CNY' };
    return this.records.saveOrder({
      ...{ outTradeNo: `shop${digits(12)}`, description: 'Elsewhere', notifyUrl: '', codeUrl: '' },
      ...{ ...amount, told: amount, createdAt: at, paidAt: at, state: 'SUCCESS', seen: true },
      transactionId: `4299${digits(24)}`,
    });
  }

  /** A refund that a person, or a complaint, made the provider pay; nobody is told. */
  refund(outTradeNo: string, fen: number): RefundRecord {
    const order = this.records.order(outTradeNo);
    if (order?.transactionId === undefined)
      throw new ProviderError(404, 'ORDER_NOT_EXIST', 'There is no paid order of this number.');
    const at = this.clock.now().toISOString();
    const refunded = this.records
      .refundsOf(outTradeNo)
      .reduce((sum, { refund, status }) => sum + (status === 'CLOSED' ? 0 : refund), 0);
    if (refunded + fen > order.told.total)
      throw new ProviderError(400, 'INVALID_REQUEST', 'The refunds exceed what was paid.');
    this.records.saveOrder({ ...order, state: 'REFUND' });
    return this.records.saveRefund({
      ...{ outRefundNo: `console${digits(12)}`, refundId: `5039${digits(24)}`, outTradeNo },
      ...{ transactionId: order.transactionId, refund: fen, total: order.told.total, currency: 'CNY' },
      ...{ status: 'SUCCESS', createdAt: at, endedAt: at },
    });
  }

  /** Pays money out to the merchant's bank account; all of it where nothing else is said. */
  withdraw(fen?: number): WithdrawalRecord {
    const all = this.book.balance();
    const wanted = fen ?? all;
    if (wanted < 1 || wanted > all)
      throw new ProviderError(400, 'INVALID_REQUEST', `There are ${String(all)} fen to withdraw.`);
    return this.records.saveWithdrawal({
      ...{ number: digits(20), fen: wanted, at: this.clock.now().toISOString() },
    });
  }

  /** What lies there, in fen. */
  balance(): number {
    return this.book.balance();
  }
}

const digits = (count: number): string => Array.from({ length: count }, () => String(randomInt(10))).join('');
