import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An order as the provider keeps it. Amounts are whole fen. */
export interface OrderRecord {
  readonly outTradeNo: string;
  readonly description: string;
  readonly attach?: string;
  readonly notifyUrl: string;
  readonly total: number;
  readonly currency: string;
  readonly timeExpire?: string;
  /** The text of the QR code, or the number that the payer's app is called with. */
  readonly codeUrl: string;
  /** Who pays, where the order says so. */
  readonly payer?: string;
  readonly createdAt: string;
  readonly state: 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED';
  /** Whether the payer has opened it, where an order exists for its provider only from then on. */
  readonly seen?: boolean;
  readonly transactionId?: string;
  readonly paidAt?: string;
  /** What the provider tells as paid; differs from the order only by a fault. */
  readonly told: { readonly total: number; readonly currency: string };
}

/** A refund as the provider keeps it. */
export interface RefundRecord {
  readonly outRefundNo: string;
  readonly refundId: string;
  readonly outTradeNo: string;
  readonly transactionId: string;
  readonly reason?: string;
  readonly notifyUrl?: string;
  readonly refund: number;
  readonly total: number;
  readonly currency: string;
  readonly status: 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
  readonly createdAt: string;
  readonly endedAt?: string;
}

/** Our money that the provider paid out to our bank account. */
export interface WithdrawalRecord {
  readonly number: string;
  readonly fen: number;
  readonly at: string;
}

/**
 * The provider's memory. Every change is appended to a file, so that orders of an earlier run can still be refunded;
 * the newest line of a number wins.
 */
export class TradeRecords {
  private readonly orders = new Map<string, OrderRecord>();
  private readonly refunds = new Map<string, RefundRecord>();
  private readonly refundsByOrder = new Map<string, string[]>();
  private readonly withdrawals: WithdrawalRecord[] = [];
  private readonly file: string;

  constructor(directory: string) {
    this.file = join(directory, 'trades.jsonl');
    if (!existsSync(this.file)) return;
    for (const line of readFileSync(this.file, 'utf8').split('\n')) this.restore(line);
  }

  order(outTradeNo: string): OrderRecord | undefined {
    return this.orders.get(outTradeNo);
  }

  findOrder(matches: (order: OrderRecord) => boolean): OrderRecord | undefined {
    return [...this.orders.values()].find(matches);
  }

  refund(outRefundNo: string): RefundRecord | undefined {
    return this.refunds.get(outRefundNo);
  }

  /** Refunds of an order, oldest first. */
  refundsOf(outTradeNo: string): readonly RefundRecord[] {
    const numbers = this.refundsByOrder.get(outTradeNo) ?? [];
    return numbers.flatMap((number) => this.refunds.get(number) ?? []);
  }

  listOrders(): readonly OrderRecord[] {
    return [...this.orders.values()];
  }

  listRefunds(): readonly RefundRecord[] {
    return [...this.refunds.values()];
  }

  saveOrder(order: OrderRecord): OrderRecord {
    this.remember(order);
    appendFileSync(this.file, `${JSON.stringify({ order })}\n`, { mode: 0o600 });
    return order;
  }

  saveRefund(refund: RefundRecord): RefundRecord {
    this.rememberRefund(refund);
    appendFileSync(this.file, `${JSON.stringify({ refund })}\n`, { mode: 0o600 });
    return refund;
  }

  listWithdrawals(): readonly WithdrawalRecord[] {
    return this.withdrawals;
  }

  saveWithdrawal(withdrawal: WithdrawalRecord): WithdrawalRecord {
    this.withdrawals.push(withdrawal);
    appendFileSync(this.file, `${JSON.stringify({ withdrawal })}\n`, { mode: 0o600 });
    return withdrawal;
  }

  private restore(line: string): void {
    // The last line may be half written when the process was killed; the provider then never answered it.
    const parsed = parse(line);
    if (parsed?.order) this.remember(parsed.order);
    if (parsed?.refund) this.rememberRefund(parsed.refund);
    if (parsed?.withdrawal) this.withdrawals.push(parsed.withdrawal);
  }

  private remember(order: OrderRecord): void {
    this.orders.set(order.outTradeNo, order);
  }

  private rememberRefund(refund: RefundRecord): void {
    if (!this.refunds.has(refund.outRefundNo)) {
      const numbers = this.refundsByOrder.get(refund.outTradeNo) ?? [];
      this.refundsByOrder.set(refund.outTradeNo, [...numbers, refund.outRefundNo]);
    }
    this.refunds.set(refund.outRefundNo, refund);
  }
}

interface Line {
  readonly order?: OrderRecord;
  readonly refund?: RefundRecord;
  readonly withdrawal?: WithdrawalRecord;
}

function parse(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}
