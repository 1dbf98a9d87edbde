import type { BillKind, BillShelf } from '../providers/bill-shelf.ts';
import type { Faults, Operation } from '../providers/faults.ts';
import type { OrderRecord, RefundRecord, TradeRecords } from '../providers/trade-records.ts';
import type { AlipayNotifier } from './alipay-notifier.ts';
import type { Params } from './alipay-signatures.ts';
import type { AlipayTrades } from './alipay-trades.ts';
import { billArchive } from './bill-files.ts';
import {
  beijingOf,
  BillContent,
  contentOf,
  PageContent,
  PrecreateContent,
  RefundContent,
  RefundQueryContent,
  TradeContent,
  yuanOf,
} from './gateway-content.ts';
import { GatewayError, refused } from './gateway-error.ts';

export interface GatewayParts {
  readonly records: TradeRecords;
  readonly trades: AlipayTrades;
  readonly notifier: AlipayNotifier;
  readonly shelf: BillShelf;
  readonly faults: Faults;
  readonly app: { readonly appId: string; readonly sellerId: string };
}

/** Where a fault strikes, by method. */
const operations: Readonly<Record<string, Operation>> = {
  'alipay.trade.precreate': 'create',
  'alipay.trade.query': 'query',
  'alipay.trade.close': 'close',
  'alipay.trade.refund': 'refund',
  'alipay.trade.fastpay.refund.query': 'refundQuery',
  'alipay.data.dataservice.bill.downloadurl.query': 'tradeBill',
};
/** The address of a bill lives for half a minute. */
const addressLivesMs = 30_000;
export const operationOf = (method: string): Operation => operations[method] ?? 'query';

/** `host` is that under which the app reached us. */
type Method = (params: Params, host: string) => object | Promise<object>;

/** What an app may call, and what happens in the world because of it. */
export class AlipayGateway {
  private readonly parts: GatewayParts;
  private readonly methods: Readonly<Record<string, Method>>;

  constructor(parts: GatewayParts) {
    this.parts = parts;
    this.methods = {
      'alipay.trade.precreate': (params) => this.precreate(params),
      'alipay.trade.query': (params) => this.query(params),
      'alipay.trade.close': (params) => this.close(params),
      'alipay.trade.refund': (params) => this.refund(params),
      'alipay.trade.fastpay.refund.query': (params) => this.queryRefund(params),
      'alipay.data.dataservice.bill.downloadurl.query': (params, host) => this.offerBill(params, host),
    };
  }

  run(params: Params, host: string): object | Promise<object> {
    const method = this.methods[params['method'] ?? ''];
    if (!method) throw new GatewayError('40002', 'isv.invalid-method', 'there is no such method');
    return method(params, host);
  }

  /** The buyer comes to the page: only now the provider hears of the order. */
  openPage(params: Params): OrderRecord {
    const content = contentOf(PageContent, params['biz_content']);
    return this.parts.trades.see(this.parts.trades.place(content, notifyUrlOf(params)));
  }

  /** The buyer pays; resolves when the merchant has been told for the first time. */
  async pay(order: OrderRecord, late: boolean): Promise<OrderRecord> {
    const { trades, notifier, faults } = this.parts;
    const more = faults.take('wrongAmount', 'notification');
    const paid = trades.pay(order, { late, told: order.total + (more ? (more.value ?? 1) : 0) });
    await notifier.announce(paid.notifyUrl, this.news(paid));
    return paid;
  }

  /** A refund ends. A part of it is told as TRADE_SUCCESS once more, the whole as TRADE_CLOSED. */
  async endRefund(outRefundNo: string, end: RefundRecord['status']): Promise<RefundRecord> {
    const { records, trades, notifier } = this.parts;
    const before = records.refund(outRefundNo)?.status;
    const refund = trades.endRefund(outRefundNo, end);
    if (refund.status === 'SUCCESS' && before !== 'SUCCESS') {
      const order = trades.get(refund.outTradeNo);
      const more = {
        refund_fee: yuanOf(trades.refundedOf(order)),
        gmt_refund: `${beijingOf(refund.endedAt ?? refund.createdAt)}.000`,
        out_biz_no: refund.outRefundNo,
      };
      await notifier.announce(order.notifyUrl, { ...this.news(order), ...more });
    }
    return refund;
  }

  private async precreate(params: Params): Promise<object> {
    const content = contentOf(PrecreateContent, params['biz_content']);
    const order = this.parts.trades.place(content, notifyUrlOf(params));
    if (this.parts.faults.take('notifyBeforeResponse', 'create')) await this.pay(order, false);
    return { out_trade_no: order.outTradeNo, qr_code: order.codeUrl };
  }

  private query(params: Params): object {
    const order = this.parts.trades.get(contentOf(TradeContent, params['biz_content']).out_trade_no);
    return {
      ...this.told(order),
      ...(order.paidAt === undefined ? {} : { send_pay_date: beijingOf(order.paidAt) }),
    };
  }

  private close(params: Params): object {
    const order = this.parts.trades.close(contentOf(TradeContent, params['biz_content']).out_trade_no);
    return { out_trade_no: order.outTradeNo, trade_no: order.transactionId };
  }

  private async refund(params: Params): Promise<object> {
    const { trades, faults } = this.parts;
    const content = contentOf(RefundContent, params['biz_content']);
    if (faults.take('notEnough', 'refund'))
      throw refused('SELLER_BALANCE_NOT_ENOUGH', 'The balance of the seller does not cover the refund.');
    const { refund, isNew } = trades.refund(content);
    const isSlow = faults.take('fundChangeN', 'refund') !== undefined;
    if (isNew && !isSlow) await this.endRefund(refund.outRefundNo, 'SUCCESS');
    const order = trades.get(refund.outTradeNo);
    const moved = isNew && !isSlow ? { gmt_refund_pay: beijingOf(refund.createdAt) } : {};
    return {
      ...{ out_trade_no: order.outTradeNo, trade_no: order.transactionId },
      refund_fee: yuanOf(trades.refundedOf(order)),
      fund_change: isNew && !isSlow ? 'Y' : 'N',
      ...moved,
    };
  }

  /** Success with nothing in it where there is no such refund, or none that has ended: as the provider does. */
  private queryRefund(params: Params): object {
    const content = contentOf(RefundQueryContent, params['biz_content']);
    const order = this.parts.trades.get(content.out_trade_no);
    const refund = this.parts.records.refund(content.out_request_no);
    if (refund?.outTradeNo !== order.outTradeNo || refund.status !== 'SUCCESS') return {};
    return {
      ...{ out_trade_no: order.outTradeNo, trade_no: order.transactionId },
      out_request_no: refund.outRefundNo,
      total_amount: yuanOf(order.total),
      refund_amount: yuanOf(refund.refund),
      refund_status: 'REFUND_SUCCESS',
      gmt_refund_pay: beijingOf(refund.endedAt ?? refund.createdAt),
    };
  }

  private offerBill(params: Params, host: string): object {
    const { shelf, faults, app } = this.parts;
    const { bill_type: type, bill_date: date } = contentOf(BillContent, params['biz_content']);
    const kind: BillKind = type === 'trade' ? 'trade' : 'fund';
    const day = billed(() => shelf.billOf(kind, date));
    if (!day) throw new GatewayError('40004', 'isp.bill_not_exist', 'There is no bill of this day.');
    const wrongFooter = faults.take('billFooter', kind === 'trade' ? 'tradeBill' : 'fundBill') !== undefined;
    const bytes = billArchive(day, { date, sellerId: app.sellerId, wrongFooter });
    if (faults.take('billDigest', kind === 'trade' ? 'tradeBill' : 'fundBill')) spoil(bytes);
    const where = faults.take('foreignHost', 'tradeBill') ? 'bills.example.com' : host;
    return { bill_download_url: `http://${where}/bill?token=${shelf.put(bytes, addressLivesMs)}` };
  }

  private news(order: OrderRecord): Params {
    const { faults, app } = this.parts;
    const paidAt = beijingOf(order.paidAt ?? order.createdAt);
    return {
      app_id: faults.take('foreignApp', 'notification') ? '2021999999999999' : app.appId,
      seller_id: faults.take('foreignSeller', 'notification') ? '2088999999999999' : app.sellerId,
      ...this.told(order),
      receipt_amount: yuanOf(order.told.total),
      buyer_id: '2088100000000001',
      subject: order.description,
      body: '',
      gmt_create: beijingOf(order.createdAt),
      gmt_payment: paidAt,
    };
  }

  private told(order: OrderRecord) {
    const total = yuanOf(order.told.total);
    const common = { out_trade_no: order.outTradeNo, trade_no: order.transactionId ?? '' };
    return { ...common, trade_status: this.statusOf(order), total_amount: total };
  }

  private statusOf(order: OrderRecord): string {
    if (order.state === 'NOTPAY') return 'WAIT_BUYER_PAY';
    const isPaidBack = order.state === 'REFUND' && this.parts.trades.refundedOf(order) >= order.total;
    return order.state === 'CLOSED' || isPaidBack ? 'TRADE_CLOSED' : 'TRADE_SUCCESS';
  }
}

/** A provider's way to say that a bill is not there yet. */
function billed<Value>(make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    throw new GatewayError('40004', 'isp.bill_creating', String(error));
  }
}

/** The packed content no longer fits its checksum. */
function spoil(bytes: Buffer): void {
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
}

function notifyUrlOf(params: Params): string {
  const url = params['notify_url'];
  if (!url) throw refused('INVALID_PARAMETER', 'notify_url: must be given');
  return url;
}
