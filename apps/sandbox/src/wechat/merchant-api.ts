import type { BillApi } from './bill-api.ts';
import type { Answer } from '../providers/control-api.ts';
import type { Faults, Operation } from '../providers/faults.ts';
import { CloseOrder, JsapiOrder, NativeOrder, readBody, RefundOrder } from './messages.ts';
import type { Notifier } from './notifier.ts';
import { type Orders, transactionOf } from './orders.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { notifiedRefundOf, type Refunds, refundOf } from './refunds.ts';
import type { OrderRecord, RefundRecord } from '../providers/trade-records.ts';

export interface Call {
  /** What the path names: a number, or the kind of an order. */
  readonly number: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  /** Under which the merchant reached us. */
  readonly host: string;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly operation: Operation;
  readonly run: (call: Call) => Answer | Promise<Answer>;
}

export interface MerchantApiParts {
  readonly orders: Orders;
  readonly refunds: Refunds;
  readonly notifier: Notifier;
  readonly bills: BillApi;
  readonly faults: Faults;
  readonly merchant: { readonly mchid: string; readonly appid: string };
  /** After how long a refund succeeds by itself; `manual` leaves it to the control API. */
  readonly refundDelayMs: number | 'manual';
}

/** What a merchant may call, and what happens in the world because of it. */
export class MerchantApi {
  readonly routes: readonly Route[];
  private readonly parts: MerchantApiParts;

  constructor(parts: MerchantApiParts) {
    this.parts = parts;
    const { orders, refunds, bills, merchant } = parts;
    const transaction = (order: OrderRecord): Answer => ({
      status: 200,
      body: transactionOf(order, merchant),
    });
    this.routes = [
      route('POST', /^\/v3\/pay\/transactions\/(native|jsapi)$/, 'create', (call) => this.order(call)),
      route('GET', /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/, 'query', ({ number, query }) => {
        this.checkMerchant(query.get('mchid'));
        return transaction(orders.get(number));
      }),
      route('GET', /^\/v3\/pay\/transactions\/id\/([^/]+)$/, 'query', ({ number, query }) => {
        this.checkMerchant(query.get('mchid'));
        return transaction(orders.byTransaction(number));
      }),
      route(
        'POST',
        /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/,
        'close',
        ({ number, body }) => {
          this.checkMerchant(readBody(CloseOrder, body).mchid);
          orders.close(number);
          return { status: 204 };
        },
      ),
      route('POST', /^\/v3\/refund\/domestic\/refunds$/, 'refund', (call) => this.refund(call)),
      route('GET', /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/, 'refundQuery', ({ number }) => ({
        status: 200,
        body: refundOf(refunds.get(number)),
      })),
      ...billRoutes(bills),
    ];
  }

  /** The payer pays the order; resolves when the merchant has been told for the first time. */
  async pay(order: OrderRecord, options: { readonly late: boolean }): Promise<OrderRecord> {
    const { orders, notifier, merchant, faults } = this.parts;
    const more = faults.take('wrongAmount', 'notification');
    const inDollars = faults.take('wrongCurrency', 'notification');
    const told = {
      total: order.total + (more ? (more.value ?? 1) : 0),
      currency: inDollars ? 'USD' : order.currency,
    };
    const paid = orders.pay(order, { late: options.late, told });
    await notifier.announce({
      eventType: 'TRANSACTION.SUCCESS',
      resourceType: 'transaction',
      url: paid.notifyUrl,
      resource: transactionOf(paid, faults.take('foreignApp', 'notification') ? foreign : merchant),
    });
    return paid;
  }

  /** A refund ends, or becomes abnormal; resolves when the merchant has been told for the first time. */
  async endRefund(outRefundNo: string, status: 'SUCCESS' | 'CLOSED' | 'ABNORMAL'): Promise<RefundRecord> {
    const { refunds, notifier, merchant } = this.parts;
    const before = refunds.get(outRefundNo).status;
    const refund = refunds.end(outRefundNo, status);
    if (refund.notifyUrl !== undefined && refund.status !== before) {
      await notifier.announce({
        eventType: `REFUND.${status}`,
        resourceType: 'refund',
        url: refund.notifyUrl,
        resource: notifiedRefundOf(refund, merchant.mchid),
      });
    }
    return refund;
  }

  private async order({ number: kind, body }: Call): Promise<Answer> {
    const isInApp = kind === 'jsapi';
    const { codeUrl } = await this.place(readBody(isInApp ? JsapiOrder : NativeOrder, body));
    return { status: 200, body: isInApp ? { prepay_id: codeUrl } : { code_url: codeUrl } };
  }

  private async place(order: NativeOrder | JsapiOrder): Promise<OrderRecord> {
    this.checkMerchant(order.mchid);
    if (order.appid !== this.parts.merchant.appid) {
      throw new ProviderError(400, 'APPID_MCHID_NOT_MATCH', 'The appid does not belong to the merchant.');
    }
    const placed = this.parts.orders.place(order);
    if (this.parts.faults.take('notifyBeforeResponse', 'create')) await this.pay(placed, { late: false });
    return placed;
  }

  private refund({ body }: Call): Answer {
    const { refunds, faults, refundDelayMs } = this.parts;
    const wanted = readBody(RefundOrder, body);
    if (faults.take('notEnough', 'refund')) {
      throw new ProviderError(403, 'NOT_ENOUGH', 'The balance of the merchant does not cover the refund.');
    }
    const refund = refunds.place(wanted);
    if (refundDelayMs !== 'manual' && refund.status === 'PROCESSING') {
      setTimeout(() => void this.endRefund(refund.outRefundNo, 'SUCCESS'), refundDelayMs).unref();
    }
    return { status: 200, body: refundOf(refund) };
  }

  private checkMerchant(mchid: string | null): void {
    if (mchid !== this.parts.merchant.mchid) {
      throw new ProviderError(400, 'PARAM_ERROR', 'mchid: is not the merchant that signed');
    }
  }
}

const route = (method: Route['method'], path: RegExp, operation: Operation, run: Route['run']): Route => ({
  method,
  path,
  operation,
  run,
});

const billRoutes = (bills: BillApi): readonly Route[] => [
  route('GET', /^\/v3\/bill\/tradebill$/, 'tradeBill', ({ query, host }) =>
    bills.offer('trade', query, host),
  ),
  route('GET', /^\/v3\/bill\/fundflowbill$/, 'fundBill', ({ query, host }) =>
    bills.offer('fund', query, host),
  ),
  route('GET', /^\/v3\/billdownload\/file$/, 'billFile', ({ query }) => bills.take(query)),
];

/** Another app of the same provider. */
const foreign = { mchid: '1900009999', appid: 'wxforeign00000001' };
