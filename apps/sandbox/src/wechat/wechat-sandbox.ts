import type { IncomingMessage, ServerResponse } from 'node:http';
import { BillShelf } from '../providers/bill-shelf.ts';
import { type Answer, ControlApi } from '../providers/control-api.ts';
import { MerchantConsole } from '../providers/merchant-console.ts';
import { MoneyBook } from '../providers/money-book.ts';
import { BillApi } from './bill-api.ts';
import { Faults, type Operation } from '../providers/faults.ts';
import { prepayIdOf } from './in-app.ts';
import { MerchantApi, type Route } from './merchant-api.ts';
import { Notifier } from './notifier.ts';
import { Orders } from './orders.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { bodyOf, listening } from '../providers/http.ts';
import { Refunds } from './refunds.ts';
import { loadSandboxKeys, type PlatformKey, type SandboxKeys } from './sandbox-keys.ts';
import { RequestVerifier, signedHeaders } from './signatures.ts';
import { TradeRecords } from '../providers/trade-records.ts';
import { VirtualClock } from '../providers/virtual-clock.ts';
import {
  parseWechatSettings,
  type WechatSandboxInput,
  type WechatSandboxSettings,
} from './wechat-settings.ts';

/** A running WeChat Pay sandbox. */
export interface WechatSandbox {
  /** Its base URL, such as `http://127.0.0.1:3011`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts WeChat Pay's API v3 on the loopback interface: Native and JSAPI orders, queries, closing, refunds, daily bills, and signed, encrypted
 * notifications, checked as strictly as the provider documents. `/__sandbox/…` plays the payer and breaks things.
 * Refuses to start in production: its keys are anyone's.
 */
export async function startWechatSandbox(input: WechatSandboxInput): Promise<WechatSandbox> {
  const settings = parseWechatSettings(input);
  if (settings.NODE_ENV === 'production') {
    throw new Error('The WeChat Pay sandbox does not start with NODE_ENV=production.');
  }
  const keys = loadSandboxKeys(settings.WECHATPAY_SANDBOX_DIR, {
    mchid: settings.WECHATPAY_MCHID,
    appid: settings.WECHATPAY_APPID,
    serial: settings.WECHATPAY_MCH_SERIAL,
  });
  const sandbox = new SandboxServer(settings, keys);
  return sandbox.listen(settings.WECHATPAY_SANDBOX_PORT);
}

class SandboxServer {
  private readonly keys: SandboxKeys;
  private readonly faults = new Faults();
  private readonly verifier: RequestVerifier;
  private readonly notifier: Notifier;
  private readonly api: MerchantApi;
  private readonly control: ControlApi;

  constructor(settings: WechatSandboxSettings, keys: SandboxKeys) {
    const clock = new VirtualClock();
    const records = new TradeRecords(settings.WECHATPAY_SANDBOX_DIR);
    const orders = new Orders(records, clock);
    const spacingMs = settings.WECHATPAY_SANDBOX_REFUND_SPACING_MS;
    const refunds = new Refunds({ records, orders, clock, spacingMs });
    const merchant = { mchid: settings.WECHATPAY_MCHID, appid: settings.WECHATPAY_APPID };
    const refundDelayMs = settings.WECHATPAY_SANDBOX_REFUND_DELAY_MS;
    this.keys = keys;
    this.verifier = new RequestVerifier({
      mchid: settings.WECHATPAY_MCHID,
      serial: settings.WECHATPAY_MCH_SERIAL,
      publicKey: keys.merchantPublicKey,
    });
    const { faults } = this;
    this.notifier = new Notifier({ keys, clock, faults });
    const { notifier } = this;
    const book = new MoneyBook(records);
    const bills = new BillApi({ shelf: new BillShelf({ book, clock, faults }), faults, merchant });
    this.api = new MerchantApi({ orders, refunds, bills, notifier, faults, merchant, refundDelayMs });
    const { api } = this;
    this.control = new ControlApi({
      pay: ({ outTradeNo = '', codeUrl, inApp, late }) => {
        if (inApp === undefined)
          return api.pay(codeUrl === undefined ? orders.get(outTradeNo) : orders.byCode(codeUrl), { late });
        const { appid } = merchant;
        const prepayId = prepayIdOf(inApp, { appid, publicKey: keys.merchantPublicKey });
        return api.pay(orders.byPrepayId(prepayId), { late });
      },
      endRefund: (outRefundNo, end) => api.endRefund(outRefundNo, end),
      merchantConsole: new MerchantConsole(records, clock, book),
      ...{ records, notifier, faults, clock },
    });
  }

  async listen(port: number): Promise<WechatSandbox> {
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
      // The provider's errors carry no signature that a client could rely on.
      const problem =
        error instanceof ProviderError ? error : new ProviderError(500, 'SYSTEM_ERROR', String(error));
      send(response, problem.status, {}, JSON.stringify({ code: problem.code, message: problem.message }));
    }
  }

  private async dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const { pathname, searchParams: query } = new URL(url, 'http://sandbox');
    const body = await bodyOf(request);
    if (pathname.startsWith('/__sandbox/')) {
      const { status, body: told = {} } = await this.control.run(method, pathname, body);
      send(response, status, {}, JSON.stringify(told));
      return;
    }
    const found = this.routeOf(method, pathname);
    const { operation } = found.route;
    if (this.faults.take('dropBefore', operation)) {
      request.socket.destroy();
      return;
    }
    this.verifier.verify({ method, url, headers: request.headers, body });
    if (this.faults.take('http500', operation))
      throw new ProviderError(500, 'SYSTEM_ERROR', 'Try again later.');
    const answer = await found.route.run({
      number: found.number,
      query,
      body,
      host: request.headers.host ?? '',
    });
    await this.reply({ request, response, operation, answer });
  }

  private routeOf(method: string, pathname: string): { route: Route; number: string } {
    for (const route of this.api.routes) {
      const match = route.method === method ? route.path.exec(pathname) : null;
      if (match) return { route, number: decodeURIComponent(match[1] ?? '') };
    }
    throw new ProviderError(404, 'NOT_FOUND', `There is no ${method} ${pathname}.`);
  }

  private async reply({ request, response, operation, answer }: Reply): Promise<void> {
    if (this.faults.take('dropAfter', operation)) {
      request.socket.destroy();
      return;
    }
    const delay = this.faults.take('delayMs', operation);
    if (delay) await new Promise((resolve) => setTimeout(resolve, delay.value ?? 1_000).unref());
    if (answer.file) {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(answer.file);
      return;
    }
    const body = answer.body === undefined ? '' : JSON.stringify(answer.body);
    const stale = this.faults.take('staleTimestamp', operation);
    const headers = signedHeaders(body, {
      key: this.keyFor(request),
      ...(stale ? { skewSeconds: -(stale.value ?? 301) } : {}),
      ...(this.faults.take('unknownSerial', operation) ? { serial: 'PUB_KEY_ID_UNKNOWN' } : {}),
      ...(this.faults.take('badSignature', operation) ? { forge: 'garbled' as const } : {}),
    });
    send(response, answer.status, headers, body);
  }

  /** Answers are signed by the key that the merchant names, which is how it moves to a new one. */
  private keyFor(request: IncomingMessage): PlatformKey {
    const wanted = request.headers['wechatpay-serial'];
    return this.keys.platformKeys.find(({ serial }) => serial === wanted) ?? this.keys.platformKeys[0];
  }
}

interface Reply {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly operation: Operation;
  readonly answer: Answer;
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  if (response.destroyed) return;
  const requestId = `sandbox-${Date.now().toString(36)}`;
  const common = { 'Request-ID': requestId, ...headers };
  if (status === 204) response.writeHead(204, common).end();
  else response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...common }).end(body);
}
