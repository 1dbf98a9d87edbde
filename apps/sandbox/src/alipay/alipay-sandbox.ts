import type { IncomingMessage, ServerResponse } from 'node:http';
import { BillShelf } from '../providers/bill-shelf.ts';
import { MerchantConsole } from '../providers/merchant-console.ts';
import { MoneyBook } from '../providers/money-book.ts';
import { ControlApi, type Pay } from '../providers/control-api.ts';
import { Faults, type Operation } from '../providers/faults.ts';
import { bodyOf, listening } from '../providers/http.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { TradeRecords } from '../providers/trade-records.ts';
import { VirtualClock } from '../providers/virtual-clock.ts';
import { AlipayGateway, operationOf } from './alipay-gateway.ts';
import { type AlipayKeys, loadAlipayKeys } from './alipay-keys.ts';
import { AlipayNotifier } from './alipay-notifier.ts';
import {
  type AlipaySandboxInput,
  type AlipaySandboxSettings,
  parseAlipaySettings,
} from './alipay-settings.ts';
import { checkRequest, type Params, signText } from './alipay-signatures.ts';
import { AlipayTrades } from './alipay-trades.ts';
import { GatewayError, refused } from './gateway-error.ts';

/** A running Alipay sandbox. */
export interface AlipaySandbox {
  /** Its origin, such as `http://127.0.0.1:3013`; the gateway is `/gateway.do` below it. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts Alipay's gateway on the loopback interface: precreate, page pay, queries, closing, refunds, and signed
 * notifications. `/__sandbox/…` plays the buyer and breaks things. Refuses to start in production.
 */
export async function startAlipaySandbox(input: AlipaySandboxInput): Promise<AlipaySandbox> {
  const settings = parseAlipaySettings(input);
  if (settings.NODE_ENV === 'production')
    throw new Error('The Alipay sandbox does not start with NODE_ENV=production.');
  const app = { appId: settings.ALIPAY_APP_ID, sellerId: settings.ALIPAY_SELLER_ID };
  const server = new AlipayServer(settings, app, loadAlipayKeys(settings.ALIPAY_SANDBOX_DIR, app));
  return server.listen(settings.ALIPAY_SANDBOX_PORT);
}

class AlipayServer {
  private readonly faults = new Faults();
  private readonly keys: AlipayKeys;
  private readonly appId: string;
  private readonly records: TradeRecords;
  private readonly notifier: AlipayNotifier;
  private readonly shelf: BillShelf;
  private readonly gateway: AlipayGateway;
  private readonly control: ControlApi;

  constructor(settings: AlipaySandboxSettings, app: { appId: string; sellerId: string }, keys: AlipayKeys) {
    const clock = new VirtualClock();
    const { faults } = this;
    this.keys = keys;
    this.appId = app.appId;
    this.records = new TradeRecords(settings.ALIPAY_SANDBOX_DIR);
    const trades = new AlipayTrades(this.records, clock, {
      refundWindowDays: settings.ALIPAY_SANDBOX_REFUND_WINDOW_DAYS,
      refundSpacingMs: settings.ALIPAY_SANDBOX_REFUND_SPACING_MS,
    });
    this.notifier = new AlipayNotifier({ key: keys.alipayPrivateKey, clock, faults });
    const { records, notifier } = this;
    const book = new MoneyBook(records);
    this.shelf = new BillShelf({ book, clock, faults });
    this.gateway = new AlipayGateway({ records, trades, notifier, shelf: this.shelf, faults, app });
    this.control = new ControlApi({
      pay: (wanted) => this.pay(wanted),
      endRefund: (outRefundNo, end) => this.gateway.endRefund(outRefundNo, end),
      merchantConsole: new MerchantConsole(records, clock, book),
      ...{ records, notifier, faults, clock },
    });
  }

  async listen(port: number): Promise<AlipaySandbox> {
    const { url, stop } = await listening(port, (request, response) => this.answer(request, response));
    const close = async (): Promise<void> => {
      this.notifier.close();
      await stop();
    };
    return { url, close };
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.dispatch(request, response);
    } catch (error) {
      const status = error instanceof ProviderError ? error.status : 400;
      const told = error instanceof Error ? error.message : String(error);
      send(response, status, 'application/json', JSON.stringify({ message: told }));
    }
  }

  private async dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const { pathname, searchParams } = new URL(url, 'http://sandbox');
    const body = await bodyOf(request);
    if (pathname.startsWith('/__sandbox/')) {
      const { status, body: told = {} } = await this.control.run(method, pathname, body);
      send(response, status, 'application/json', JSON.stringify(told));
      return;
    }
    if (pathname === '/bill') {
      const file = this.shelf.take(searchParams.get('token') ?? '');
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(file);
      return;
    }
    if (pathname !== '/gateway.do') throw new ProviderError(404, 'NOT_FOUND', `There is no ${pathname}.`);
    const params = Object.fromEntries([...searchParams, ...new URLSearchParams(body.toString('utf8'))]);
    if (params['method'] === 'alipay.trade.page.pay') this.showPage(params, response);
    else await this.call({ request, response, params });
  }

  /** The page on which a buyer would pay. */
  private showPage(params: Params, response: ServerResponse): void {
    checkRequest(params, this.appId, this.keys.appPublicKey);
    const { outTradeNo, total } = this.gateway.openPage(params);
    send(response, 200, 'text/html', `<h1>Alipay sandbox</h1><p>${outTradeNo}: ${String(total)} fen</p>`);
  }

  private async call({ request, response, params }: Call): Promise<void> {
    const operation = operationOf(params['method'] ?? '');
    const { faults } = this;
    if (faults.take('dropBefore', operation)) {
      request.socket.destroy();
      return;
    }
    if (faults.take('http500', operation)) {
      send(response, 500, 'text/html', 'Try again later.');
      return;
    }
    const text = JSON.stringify(await this.outcomeOf(params, request.headers.host ?? ''));
    if (faults.take('dropAfter', operation)) {
      request.socket.destroy();
      return;
    }
    const delay = faults.take('delayMs', operation);
    if (delay) await new Promise((resolve) => setTimeout(resolve, delay.value ?? 1_000).unref());
    send(response, 200, 'application/json', this.signed(text, params['method'] ?? '', operation));
  }

  private async outcomeOf(params: Params, host: string): Promise<object> {
    try {
      checkRequest(params, this.appId, this.keys.appPublicKey);
      return { code: '10000', msg: 'Success', ...(await this.gateway.run(params, host)) };
    } catch (error) {
      if (!(error instanceof GatewayError)) return { code: '20000', msg: 'Service Currently Unavailable' };
      const { code, subCode, message } = error;
      return { code, msg: 'Business Failed', sub_code: subCode, sub_msg: message };
    }
  }

  /** The answer's very text is signed; refusals too. */
  private signed(text: string, method: string, operation: Operation): string {
    const name = `${method.replaceAll('.', '_')}_response`;
    if (this.faults.take('unsigned', operation)) return `{"${name}":${text}}`;
    const isForged = this.faults.take('badSignature', operation) !== undefined;
    const sign = signText(isForged ? `${text} ` : text, this.keys.alipayPrivateKey);
    return `{"${name}":${text},"sign":"${sign}"}`;
  }

  private pay({ outTradeNo, codeUrl = '', late }: Pay): Promise<object> {
    if (codeUrl.includes('/gateway.do?')) {
      const params = Object.fromEntries(new URL(codeUrl).searchParams);
      checkRequest(params, this.appId, this.keys.appPublicKey);
      return this.gateway.pay(this.gateway.openPage(params), late);
    }
    const order =
      outTradeNo === undefined
        ? this.records.findOrder((candidate) => candidate.codeUrl === codeUrl)
        : this.records.order(outTradeNo);
    if (!order) throw refused('TRADE_NOT_EXIST', 'There is no such order or code.');
    return this.gateway.pay(order, late);
  }
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Params;
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'Content-Type': `${type};charset=utf-8` }).end(body);
}
