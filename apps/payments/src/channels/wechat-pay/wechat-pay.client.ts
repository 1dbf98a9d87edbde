import { Decorator } from 'wechatpay-axios-plugin';
import { z } from 'zod';
import {
  type ChannelPolicy,
  type NewOrder,
  type NewRefund,
  type Outcome,
  PaymentChannel,
  type PayAction,
  type ProviderNews,
  type ProviderRefund,
  type ProviderTrade,
  type RawNotification,
  type RefundNumbers,
  type WantedBill,
} from '../payment-channel.ts';
import { beijingSecond } from '../beijing-time.ts';
import { parseExactJson } from './exact-json.ts';
import {
  JsapiAnswer,
  NativeAnswer,
  refundOf,
  RefundAnswer,
  tradeOf,
  TransactionAnswer,
} from './wechat-answers.ts';
import { appAction } from './app-action.ts';
import type { WechatCredentials } from './wechat-credentials.ts';
import { outcomeOfFailure, type ProviderFailure, saysAbsent } from './wechat-failures.ts';
import { fetchWechatBill, saysNoBill } from './wechat-bill-download.ts';
import { wechatFundLines, wechatTradeLines } from './wechat-bills.ts';
import { BillAnswer } from './wechat-answers.ts';
import { readNotification } from './wechat-notification.ts';

/** How WeChat Pay is reached. */
export interface WechatPayOptions {
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** Our public origin; notifications come to `/webhooks/wechat/pay` and `/refund` below it. */
  readonly notifyBaseUrl: string;
  /** The provider wants a minute between two refunds of one order. */
  readonly refundSpacingMs: number;
}

/** The answer of a call: its verified text, or how it failed. */
type Reply = { readonly text: string } | ProviderFailure;

/** WeChat Pay, API v3: the customer scans a QR code (Native) or pays inside the app (JSAPI). Documented limits; tested against a second implementation. */
export class WechatPayClient extends PaymentChannel {
  readonly code = 'wechat-pay';
  readonly policy: ChannelPolicy;
  private readonly http: ReturnType<typeof Decorator.jsonBased>;

  constructor(
    private readonly credentials: WechatCredentials,
    private readonly options: WechatPayOptions,
  ) {
    super();
    this.policy = {
      currencies: ['CNY'],
      methods: ['qr', 'jsapi'],
      // Amounts travel as JSON integers. What a merchant's contract allows per order is the provider's to say.
      orderMinorMax: BigInt(Number.MAX_SAFE_INTEGER),
      refundWindowDays: 365,
      refundsPerOrderMax: 50,
      refundSpacingMs: options.refundSpacingMs,
    };
    const settings = {
      mchid: credentials.mchid,
      serial: credentials.merchantSerial,
      privateKey: credentials.merchantPrivateKey,
      certs: Object.fromEntries(credentials.platformKeys),
      baseURL: options.baseUrl,
      timeout: options.timeoutMs,
      proxy: false as const,
      maxRedirects: 0,
      // The verified text itself: numbers in it are read exactly, not as floats.
      responseType: 'text' as const,
    };
    this.http = Decorator.jsonBased(settings);
  }

  async create(order: NewOrder): Promise<Outcome<PayAction>> {
    const terms = this.termsOf(order);
    if (order.method === 'jsapi') {
      const payer = { openid: order.payer ?? '' };
      const reply = await this.call('POST', '/v3/pay/transactions/jsapi', { ...terms, payer });
      const action = (id: string) => appAction(id, this.credentials);
      return read(reply, JsapiAnswer, ({ prepay_id: id }) => action(id));
    }
    const reply = await this.call('POST', '/v3/pay/transactions/native', terms);
    return read(reply, NativeAnswer, ({ code_url }) => ({ kind: 'qr', value: code_url }));
  }

  private termsOf({ number, amount, description, expiresAt }: NewOrder) {
    return {
      appid: this.credentials.appid,
      mchid: this.credentials.mchid,
      description,
      out_trade_no: number,
      time_expire: `${beijingSecond(expiresAt).replace(' ', 'T')}+08:00`,
      notify_url: `${this.options.notifyBaseUrl}/webhooks/wechat/pay`,
      amount: { total: Number(amount.minor), currency: amount.currency },
    };
  }

  async query(number: string): Promise<Outcome<ProviderTrade | null>> {
    const { mchid } = this.credentials;
    const path = `/v3/pay/transactions/out-trade-no/${encodeURIComponent(number)}?mchid=${encodeURIComponent(mchid)}`;
    const reply = await this.call('GET', path);
    if ('code' in reply && saysAbsent(reply)) return { kind: 'ok', value: null };
    return read(reply, TransactionAnswer, (answer) => about(number, tradeOf(answer, this.credentials)));
  }

  async close(number: string): Promise<Outcome<'closed'>> {
    const path = `/v3/pay/transactions/out-trade-no/${encodeURIComponent(number)}/close`;
    const reply = await this.call('POST', path, { mchid: this.credentials.mchid });
    return 'code' in reply ? outcomeOfFailure(reply) : { kind: 'ok', value: 'closed' };
  }

  async refund({ number, orderNumber, refund, paid, reason }: NewRefund): Promise<Outcome<ProviderRefund>> {
    const reply = await this.call('POST', '/v3/refund/domestic/refunds', {
      out_trade_no: orderNumber,
      out_refund_no: number,
      reason,
      notify_url: `${this.options.notifyBaseUrl}/webhooks/wechat/refund`,
      amount: { refund: Number(refund.minor), total: Number(paid.minor), currency: refund.currency },
    });
    return read(reply, RefundAnswer, (answer) => about(number, refundOf(answer)));
  }

  async queryRefund({ number }: RefundNumbers): Promise<Outcome<ProviderRefund | null>> {
    const reply = await this.call('GET', `/v3/refund/domestic/refunds/${encodeURIComponent(number)}`);
    if ('code' in reply && saysAbsent(reply)) return { kind: 'ok', value: null };
    return read(reply, RefundAnswer, (answer) => about(number, refundOf(answer)));
  }

  readonly tradeLines = wechatTradeLines;
  readonly fundLines = wechatFundLines;

  async fetchBill({ kind, day, file }: WantedBill): Promise<Outcome<'fetched' | 'none'>> {
    const path =
      kind === 'trade'
        ? `/v3/bill/tradebill?bill_date=${day}&bill_type=ALL&tar_type=GZIP`
        : `/v3/bill/fundflowbill?bill_date=${day}&account_type=BASIC&tar_type=GZIP`;
    const reply = await this.call('GET', path);
    if ('code' in reply && saysNoBill(reply)) return { kind: 'ok', value: 'none' };
    const offer = read(reply, BillAnswer, (answer) => answer);
    if (offer.kind !== 'ok') return offer;
    return fetchWechatBill(offer.value, { ...this.options, credentials: this.credentials, file });
  }

  read(notification: RawNotification): ProviderNews {
    return readNotification(notification, this.credentials);
  }

  private async call(method: 'GET' | 'POST', path: string, body?: object): Promise<Reply> {
    try {
      const headers = { Accept: 'application/json', 'Wechatpay-Serial': this.credentials.platformSerial };
      const response = await this.http.request<unknown>({
        method,
        url: path,
        headers,
        ...(body && { data: body }),
      });
      return { text: typeof response.data === 'string' ? response.data : '' };
    } catch (error) {
      return failureOf(error);
    }
  }
}

/** A verified text in the documented form; one in another form proves nothing and leaves the outcome unknown. */
function read<Schema extends z.ZodType, Value>(
  reply: Reply,
  schema: Schema,
  value: (answer: z.infer<Schema>) => Value,
): Outcome<Value> {
  if ('code' in reply) return outcomeOfFailure(reply);
  try {
    return { kind: 'ok', value: value(schema.parse(parseExactJson(reply.text))) };
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return { kind: 'unknown', code: 'UNREADABLE_ANSWER', message };
  }
}

/** The answer must speak of what was asked: a valid signature over another order's answer is no answer. */
function about<Told extends { readonly number: string }>(number: string, told: Told): Told {
  if (told.number !== number) throw new Error(`The answer speaks of ${told.number}.`);
  return told;
}

const ErrorBody = z.object({ code: z.string().max(64), message: z.string().max(512).default('') });

function failureOf(error: unknown): ProviderFailure {
  const { response, code, message } = error as Partial<CallError>;
  const status = response?.status;
  // A 2xx here is an answer whose signature did not hold: as good as none.
  if (response === undefined || status === undefined || status < 400) {
    return { code: code ?? 'NO_ANSWER', message: (message ?? '').slice(0, 512) };
  }
  const body = ErrorBody.safeParse(jsonOrNothing(response.data));
  if (body.success) return { status, ...body.data };
  return { status, code: `HTTP_${status}`, message: 'The provider answered without a code.' };
}

interface CallError {
  readonly code: string;
  readonly message: string;
  readonly response: { readonly status: number; readonly data: unknown };
}

function jsonOrNothing(data: unknown): unknown {
  try {
    return JSON.parse(String(data)) as unknown;
  } catch {
    return undefined;
  }
}
