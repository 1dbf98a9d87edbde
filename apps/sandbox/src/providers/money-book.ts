import type { OrderRecord, RefundRecord, TradeRecords } from './trade-records.ts';

/** A movement on the merchant's account at the provider. Amounts are fen. */
export interface Movement {
  /** The provider's number of it. */
  readonly flow: string;
  /** `other`: what the merchant's program has no word for. */
  readonly kind: 'payment' | 'fee' | 'refund' | 'fee-returned' | 'withdrawal' | 'other';
  readonly at: string;
  readonly fen: number;
  readonly balanceFen: number;
  /** What it belongs to; none for a withdrawal. */
  readonly order?: OrderRecord;
  readonly refund?: RefundRecord;
}

/** A line of the trade bill: an order that was paid, or a refund that was asked for. */
export interface BilledTrade {
  readonly kind: 'payment' | 'refund';
  readonly at: string;
  readonly order: OrderRecord;
  readonly fen: number;
  /** In hundred-thousandths of a yuan: trade bills tell five decimals, the account moves whole fen. */
  readonly fee: number;
  readonly refund?: RefundRecord;
}

/** Six in a thousand of so many fen, in hundred-thousandths of a yuan. */
const feeOf = (fen: number): number => fen * 6;
/** The same in whole fen, as it leaves the account. */
const feeFenOf = (fen: number): number => Math.floor((feeOf(fen) + 500) / 1000);

const beijingOffsetMs = 8 * 60 * 60 * 1000;
/** The day in Beijing of an instant. */
export const beijingDay = (instant: Date): string =>
  new Date(instant.getTime() + beijingOffsetMs).toISOString().slice(0, 10);

/** What the provider's books say, derived from its trades: the lines of its daily bills. */
export class MoneyBook {
  private readonly records: TradeRecords;

  constructor(records: TradeRecords) {
    this.records = records;
  }

  /** What was paid and what was asked back on a day. */
  tradesOf(day: string): readonly BilledTrade[] {
    const payments = this.paidOrders().map((order): BilledTrade => {
      const fen = order.told.total;
      return { kind: 'payment', at: order.paidAt, order, fen, fee: feeOf(fen) };
    });
    const refunds = this.records.listRefunds().flatMap((refund): BilledTrade[] => {
      const order = this.records.order(refund.outTradeNo);
      if (!order || refund.status === 'CLOSED') return [];
      const { createdAt: at, refund: fen } = refund;
      return [{ kind: 'refund', at, order, refund, fen, fee: feeOf(fen) }];
    });
    return inOrder([...payments, ...refunds]).filter(({ at }) => beijingDay(new Date(at)) === day);
  }

  /** What moved on the account on a day, with the balance after each movement. */
  movementsOf(day: string): readonly Movement[] {
    return this.movements().filter(({ at }) => beijingDay(new Date(at)) === day);
  }

  /** What lies there now, in fen. */
  balance(): number {
    return this.movements().at(-1)?.balanceFen ?? 0;
  }

  private movements(): readonly Movement[] {
    let balanceFen = 0;
    return inOrder([...this.fromPayments(), ...this.fromRefunds(), ...this.withdrawals()]).map((one) => {
      balanceFen += one.kind === 'payment' || one.kind === 'fee-returned' ? one.fen : -one.fen;
      return { ...one, balanceFen };
    });
  }

  private fromPayments(): Moved[] {
    return this.paidOrders().flatMap((order): Moved[] => {
      const [at, fen, number] = [order.paidAt, order.told.total, order.transactionId ?? ''];
      const payment: Moved = { flow: `1${number}`, kind: 'payment', at, fen, order };
      const fee: Moved = { flow: `2${number}`, kind: 'fee', at, fen: feeFenOf(fen), order };
      return fee.fen === 0 ? [payment] : [payment, fee];
    });
  }

  private fromRefunds(): Moved[] {
    return this.records.listRefunds().flatMap((refund): Moved[] => {
      const order = this.records.order(refund.outTradeNo);
      if (!order || refund.status !== 'SUCCESS') return [];
      const [at, number] = [refund.endedAt ?? refund.createdAt, refund.outRefundNo];
      const back: Moved = { flow: `3${number}`, kind: 'refund', at, fen: refund.refund, order, refund };
      const fee: Moved = { ...back, flow: `4${number}`, kind: 'fee-returned', fen: feeFenOf(refund.refund) };
      return fee.fen === 0 ? [back] : [back, fee];
    });
  }

  private withdrawals(): Moved[] {
    return this.records.listWithdrawals().map(({ number, at, fen }) => {
      return { flow: `5${number}`, kind: 'withdrawal', at, fen };
    });
  }

  private paidOrders(): (OrderRecord & { readonly paidAt: string })[] {
    return this.records
      .listOrders()
      .flatMap((order) => (order.paidAt === undefined ? [] : [{ ...order, paidAt: order.paidAt }]));
  }
}

type Moved = Omit<Movement, 'balanceFen'>;

/** By time; what happened in one millisecond stays as it was. */
const inOrder = <One extends { readonly at: string }>(all: readonly One[]): One[] =>
  [...all].sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
