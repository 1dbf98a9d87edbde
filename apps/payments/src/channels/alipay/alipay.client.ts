import type { AlipaySdk as Sdk } from 'alipay-sdk';
import { z } from 'zod';
import { beijingSecond } from '../beijing-time.ts';
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
import { AlipaySdk } from './alipay-sdk.ts';
import {
  BillAnswer,
  isSuccess,
  movedRefund,
  PrecreateAnswer,
  QueryAnswer,
  queriedRefund,
  RefundAnswer,
  RefundQueryAnswer,
  tradeOf,
  Verdict,
} from './alipay-answers.ts';
import type { AlipayCredentials } from './alipay-credentials.ts';
import { type AlipayRefusal, outcomeOfRefusal, saysAbsent, saysNoBill } from './alipay-failures.ts';
import { fetchAlipayBill } from './alipay-bill-download.ts';
import { alipayFundLines, alipayTradeLines } from './alipay-bills.ts';
import { readNotification } from './alipay-notification.ts';
import { alipayCurrency, yuanOf } from './yuan.ts';

/** How Alipay is reached, and what our contract with it says. */
export interface AlipayOptions {
  readonly gatewayUrl: string;
  readonly timeoutMs: number;
  /** Our public origin; notifications come to `/webhooks/alipay/trade` below it. */
  readonly notifyBaseUrl: string;
  /** Set by the contract: three months unless it says otherwise, twelve at most. */
  readonly refundWindowDays: number;
  /** The provider wants three seconds between two refunds of one trade. */
  readonly refundSpacingMs: number;
}

/** What came of a call: a signed success, a signed refusal, or nothing that proves anything. */
type Reply =
  | { readonly kind: 'told'; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly refusal: AlipayRefusal }
  | Extract<Outcome<never>, { kind: 'unknown' }>;

/**
 * Alipay: a QR code to scan (precreate) or a page to go to. A trade exists there only once the buyer has seen it, so that
 * closing cannot take a shown code back: late payments are normal here.
 */
export class AlipayClient extends PaymentChannel {
  readonly code = 'alipay';
  readonly policy: ChannelPolicy;
  private readonly sdk: Sdk;

  constructor(
    private readonly credentials: AlipayCredentials,
    private readonly options: AlipayOptions,
  ) {
    super();
    this.policy = {
      currencies: [alipayCurrency],
      methods: ['qr', 'page'],
      // The documented maximum of total_amount: 100,000,000 yuan.
      orderMinorMax: 10_000_000_000n,
      refundWindowDays: options.refundWindowDays,
      // None is documented; a bound all the same, so that one trade cannot fill the queue.
      refundsPerOrderMax: 1_000,
      refundSpacingMs: options.refundSpacingMs,
    };
    this.sdk = new AlipaySdk({
      appId: credentials.appId,
      privateKey: credentials.appPrivateKey,
      alipayPublicKey: credentials.alipayPublicKey,
      keyType: 'PKCS8',
      signType: 'RSA2',
      gateway: options.gatewayUrl,
      timeout: options.timeoutMs,
      camelcase: false,
    });
  }

  async create(order: NewOrder): Promise<Outcome<PayAction>> {
    if (order.method === 'page') return { kind: 'ok', value: this.page(order) };
    const reply = await this.call('alipay.trade.precreate', termsOf(order), this.addresses());
    return read(reply, PrecreateAnswer, (answer) => {
      isAbout(order.number, answer.out_trade_no);
      return { kind: 'qr', value: answer.qr_code };
    });
  }

  async query(number: string): Promise<Outcome<ProviderTrade | null>> {
    const reply = await this.call('alipay.trade.query', { out_trade_no: number });
    if (reply.kind === 'refused' && saysAbsent(reply.refusal)) return { kind: 'ok', value: null };
    return read(reply, QueryAnswer, (answer) => {
      isAbout(number, answer.out_trade_no);
      return tradeOf(answer, answer.send_pay_date, true);
    });
  }

  /** A trade that no buyer has seen does not exist there and is not closed by this: only its end of time ends it. */
  async close(number: string): Promise<Outcome<'closed'>> {
    const reply = await this.call('alipay.trade.close', { out_trade_no: number });
    return read(reply, z.object({}), () => 'closed');
  }

  async refund(refund: NewRefund): Promise<Outcome<ProviderRefund>> {
    const reply = await this.call('alipay.trade.refund', {
      out_trade_no: refund.orderNumber,
      out_request_no: refund.number,
      refund_amount: yuanOf(refund.refund),
      refund_reason: refund.reason,
    });
    const outcome = read(reply, RefundAnswer, (answer) => {
      isAbout(refund.orderNumber, answer.out_trade_no);
      return answer.fund_change === 'Y' ? movedRefund(answer, refund) : null;
    });
    if (outcome.kind !== 'ok') return outcome;
    if (outcome.value) return { kind: 'ok', value: outcome.value };
    return { kind: 'unknown', code: 'FUND_CHANGE_N', message: 'Only a query tells whether it was paid.' };
  }

  async queryRefund({ number, orderNumber }: RefundNumbers): Promise<Outcome<ProviderRefund | null>> {
    const reply = await this.call('alipay.trade.fastpay.refund.query', {
      out_trade_no: orderNumber,
      out_request_no: number,
      query_options: ['gmt_refund_pay'],
    });
    if (reply.kind === 'refused' && saysAbsent(reply.refusal)) return { kind: 'ok', value: null };
    return read(reply, RefundQueryAnswer, (answer) => {
      const refund = queriedRefund(answer);
      if (refund) isAbout(number, refund.number);
      return refund;
    });
  }

  readonly tradeLines = alipayTradeLines;
  readonly fundLines = alipayFundLines;

  async fetchBill({ kind, day, file }: WantedBill): Promise<Outcome<'fetched' | 'none'>> {
    const reply = await this.call('alipay.data.dataservice.bill.downloadurl.query', {
      bill_type: kind === 'trade' ? 'trade' : 'signcustomer',
      bill_date: day,
    });
    if (reply.kind === 'refused' && saysNoBill(reply.refusal)) return { kind: 'ok', value: 'none' };
    const offer = read(reply, BillAnswer, ({ bill_download_url: url }) => url);
    return offer.kind === 'ok' ? fetchAlipayBill(offer.value, this.options.gatewayUrl, file) : offer;
  }

  read(notification: RawNotification): ProviderNews {
    return readNotification(notification, { sdk: this.sdk, credentials: this.credentials });
  }

  /** A signed address: the provider hears of the order when the buyer goes there. */
  private page(order: NewOrder): PayAction {
    const returning = order.returnUrl === undefined ? {} : { returnUrl: order.returnUrl };
    const value = this.sdk.pageExecute('alipay.trade.page.pay', 'GET', {
      timestamp: beijingSecond(new Date()),
      ...this.addresses(),
      ...returning,
      bizContent: { ...termsOf(order), product_code: 'FAST_INSTANT_TRADE_PAY' },
    });
    return { kind: 'redirect', value };
  }

  private addresses() {
    return { notifyUrl: `${this.options.notifyBaseUrl}/webhooks/alipay/trade` };
  }

  /** Only what is signed by the provider is an answer; the time is said in Beijing's, whatever the process runs in. */
  private async call(method: string, bizContent: object, more: object = {}): Promise<Reply> {
    try {
      const params = { timestamp: beijingSecond(new Date()), ...more, bizContent: { ...bizContent } };
      const answer: unknown = await this.sdk.exec(method, params, { validateSign: true });
      const verdict = Verdict.parse(answer);
      return isSuccess(verdict) ? { kind: 'told', answer } : { kind: 'refused', refusal: verdict };
    } catch (error) {
      const message = error instanceof Error ? error.message.slice(0, 512) : String(error);
      return { kind: 'unknown', code: 'NO_ANSWER', message };
    }
  }
}

/** What both ways to pay say of an order. */
const termsOf = ({ number, amount, description, expiresAt }: NewOrder) => ({
  out_trade_no: number,
  total_amount: yuanOf(amount),
  subject: description,
  time_expire: beijingSecond(expiresAt),
});

/** A signed answer in the documented form; one in another form proves nothing and leaves the outcome unknown. */
function read<Schema extends z.ZodType, Value>(
  reply: Reply,
  schema: Schema,
  value: (answer: z.infer<Schema>) => Value,
): Outcome<Value> {
  if (reply.kind === 'unknown') return reply;
  if (reply.kind === 'refused') return outcomeOfRefusal(reply.refusal);
  try {
    return { kind: 'ok', value: value(schema.parse(reply.answer)) };
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return { kind: 'unknown', code: 'UNREADABLE_ANSWER', message };
  }
}

/** A valid signature over another order's answer is no answer. */
function isAbout(asked: string, told: string): void {
  if (asked !== told) throw new Error(`The answer speaks of ${told}.`);
}
