import { randomBytes, randomInt } from 'node:crypto';
import type { JsapiOrder, NativeOrder } from './messages.ts';
import { ProviderError } from '../providers/provider-error.ts';
import type { OrderRecord, TradeRecords } from '../providers/trade-records.ts';
import { beijingTime, type VirtualClock } from '../providers/virtual-clock.ts';

/** The provider's rules of orders: one number, one order; paid once; closed only while unpaid. */
export class Orders {
  private readonly records: TradeRecords;
  private readonly clock: VirtualClock;

  constructor(records: TradeRecords, clock: VirtualClock) {
    this.records = records;
    this.clock = clock;
  }

  /** The same number with the same content gives the same QR code; with other content it is refused. */
  place(body: NativeOrder | JsapiOrder): OrderRecord {
    const known = this.records.order(body.out_trade_no);
    if (known) return this.placeAgain(known, body);
    if (body.time_expire !== undefined && new Date(body.time_expire) <= this.clock.now()) {
      throw new ProviderError(400, 'PARAM_ERROR', 'time_expire: lies in the past');
    }
    return this.records.saveOrder({
      outTradeNo: body.out_trade_no,
      description: body.description,
      ...(body.attach === undefined ? {} : { attach: body.attach }),
      notifyUrl: body.notify_url,
      total: body.amount.total,
      currency: body.amount.currency,
      ...(body.time_expire === undefined ? {} : { timeExpire: body.time_expire }),
      ...wayOf(body),
      createdAt: this.clock.now().toISOString(),
      state: 'NOTPAY',
      told: { total: body.amount.total, currency: body.amount.currency },
    });
  }

  get(outTradeNo: string): OrderRecord {
    const order = this.records.order(outTradeNo);
    if (!order) throw new ProviderError(404, 'ORDER_NOT_EXIST', 'There is no order of this number.');
    return order;
  }

  byTransaction(transactionId: string): OrderRecord {
    const order = this.records.findOrder((candidate) => candidate.transactionId === transactionId);
    if (!order) throw new ProviderError(404, 'ORDER_NOT_EXIST', 'There is no order of this transaction.');
    return order;
  }

  /** By the text of a QR code, which orders inside the app do not have. */
  byCode(codeUrl: string): OrderRecord {
    return this.shown(codeUrl, ({ payer }) => payer === undefined);
  }

  byPrepayId(prepayId: string): OrderRecord {
    return this.shown(prepayId, ({ payer }) => payer !== undefined);
  }

  private shown(code: string, isMeant: (order: OrderRecord) => boolean): OrderRecord {
    const order = this.records.findOrder((one) => one.codeUrl === code && isMeant(one));
    if (!order) throw new ProviderError(404, 'ORDER_NOT_EXIST', 'There is no order of this code.');
    return order;
  }

  close(outTradeNo: string): void {
    const order = this.get(outTradeNo);
    if (order.state === 'SUCCESS' || order.state === 'REFUND') {
      throw new ProviderError(400, 'ORDER_PAID', 'The order was paid.');
    }
    this.records.saveOrder({ ...order, state: 'CLOSED' });
  }

  /**
   * The payer pays. `late` lets through what the provider sometimes does: money that was on its way when the order
   * was closed or ended.
   */
  pay(
    order: OrderRecord,
    options: { readonly late: boolean; readonly told: OrderRecord['told'] },
  ): OrderRecord {
    if (order.state === 'SUCCESS' || order.state === 'REFUND') {
      throw new ProviderError(400, 'ORDER_PAID', 'The order was paid before.');
    }
    const ended = order.timeExpire !== undefined && new Date(order.timeExpire) <= this.clock.now();
    if ((order.state === 'CLOSED' || ended) && !options.late) {
      throw new ProviderError(400, 'ORDER_CLOSED', 'The order has ended and cannot be paid.');
    }
    return this.records.saveOrder({
      ...order,
      state: 'SUCCESS',
      transactionId: `4200${digits(24)}`,
      paidAt: this.clock.now().toISOString(),
      told: options.told,
    });
  }

  private placeAgain(known: OrderRecord, body: NativeOrder | JsapiOrder): OrderRecord {
    if (known.state === 'CLOSED') throw new ProviderError(400, 'ORDER_CLOSED', 'The order was closed.');
    if (known.state !== 'NOTPAY') throw new ProviderError(403, 'OUT_TRADE_NO_USED', 'The order was paid.');
    const same =
      known.total === body.amount.total &&
      known.description === body.description &&
      known.timeExpire === body.time_expire &&
      known.notifyUrl === body.notify_url &&
      known.attach === body.attach &&
      known.payer === ('payer' in body ? body.payer.openid : undefined);
    if (!same)
      throw new ProviderError(400, 'INVALID_REQUEST', 'This out_trade_no was used with other content.');
    return known;
  }
}

/** A code to scan, or a number that the payer's app is called with. */
function wayOf(body: NativeOrder | JsapiOrder): Pick<OrderRecord, 'codeUrl' | 'payer'> {
  const secret = randomBytes(9).toString('base64url');
  if (!('payer' in body)) return { codeUrl: `weixin://wxpay/bizpayurl?pr=${secret}` };
  return { codeUrl: `wx${secret}${digits(12)}`, payer: body.payer.openid };
}

/** An order as the provider tells it, in answers to a query and in notifications. */
export function transactionOf(order: OrderRecord, merchant: { mchid: string; appid: string }) {
  const common = {
    appid: merchant.appid,
    mchid: merchant.mchid,
    out_trade_no: order.outTradeNo,
    trade_state: order.state,
    trade_state_desc: descriptions[order.state],
    attach: order.attach ?? '',
  };
  const { total, currency } = order.told;
  if (order.transactionId === undefined) return { ...common, amount: { total, currency } };
  return {
    ...common,
    transaction_id: order.transactionId,
    trade_type: order.payer === undefined ? 'NATIVE' : 'JSAPI',
    bank_type: 'OTHERS',
    success_time: beijingTime(new Date(order.paidAt ?? order.createdAt)),
    payer: { openid: order.payer ?? 'oSandboxPayer0000000000000001' },
    amount: { total, payer_total: total, currency, payer_currency: currency },
  };
}

/** A number of the provider's own. */
export const digits = (count: number): string =>
  Array.from({ length: count }, () => String(randomInt(10))).join('');

const descriptions: Record<OrderRecord['state'], string> = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  CLOSED: '订单已关闭',
};
