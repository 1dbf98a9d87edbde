import { z } from 'zod';
import { fromBeijing } from '../beijing-time.ts';
import type { MinorMoney, ProviderRefund, ProviderTrade } from '../payment-channel.ts';
import type { AlipayRefusal } from './alipay-failures.ts';
import { YuanText } from './yuan.ts';

const BeijingText = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?$/, 'must be yyyy-MM-dd HH:mm:ss')
  .transform(fromBeijing);

export const tradeStatuses = ['WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_FINISHED', 'TRADE_CLOSED'] as const;
const TradeStatus = z.enum(tradeStatuses);
type TradeStatus = z.infer<typeof TradeStatus>;

/** Every answer begins so; `10000` is the only success. */
export const Verdict = z.object({
  code: z.string(),
  msg: z.string().optional(),
  sub_code: z.string().optional(),
  sub_msg: z.string().optional(),
});
export const isSuccess = ({ code }: AlipayRefusal): boolean => code === '10000';

export const PrecreateAnswer = z.object({ out_trade_no: z.string(), qr_code: z.string().min(1).max(1_024) });

export const QueryAnswer = z.object({
  out_trade_no: z.string(),
  trade_no: z.string().min(1).max(64),
  trade_status: TradeStatus,
  total_amount: YuanText,
  /** When it was paid; there is none before. */
  send_pay_date: BeijingText.optional(),
});

export const RefundAnswer = z.object({
  out_trade_no: z.string(),
  trade_no: z.string().min(1).max(64),
  /** `Y` where this very call moved the money. `N` is neither a yes nor a no. */
  fund_change: z.enum(['Y', 'N']).default('N'),
  gmt_refund_pay: BeijingText.optional(),
});

export const RefundQueryAnswer = z.object({
  out_trade_no: z.string().optional(),
  trade_no: z.string().optional(),
  out_request_no: z.string().optional(),
  refund_status: z.string().optional(),
  refund_amount: YuanText.optional(),
  gmt_refund_pay: BeijingText.optional(),
});

/** Where a bill lies for half a minute. */
export const BillAnswer = z.object({ bill_download_url: z.url().max(2_048) });

/** What a notification of a trade says. Fields that move nothing here are not read. */
export const TradeNews = z.object({
  notify_id: z.string().min(1).max(128),
  app_id: z.string(),
  seller_id: z.string(),
  out_trade_no: z.string(),
  trade_no: z.string().min(1).max(64),
  trade_status: TradeStatus,
  total_amount: YuanText,
  gmt_payment: BeijingText.optional(),
  /** Told once something was paid back: the sum so far. */
  refund_fee: YuanText.optional(),
  /** Our number of the refund that made the provider tell. */
  out_biz_no: z.string().max(64).optional(),
});
export type TradeNews = z.infer<typeof TradeNews>;

interface ToldTrade {
  readonly out_trade_no: string;
  readonly trade_no: string;
  readonly trade_status: TradeStatus;
  readonly total_amount: MinorMoney;
}

/**
 * `TRADE_FINISHED` is paid too: a product that cannot be refunded reaches it at once. `TRADE_CLOSED` is the end of an
 * unpaid trade, or of one that was paid back in full; only that it has a time of payment tells them apart.
 */
export function tradeOf(told: ToldTrade, paidAt: string | undefined, ours: boolean): ProviderTrade {
  const isPaid = told.trade_status === 'TRADE_SUCCESS' || told.trade_status === 'TRADE_FINISHED';
  const wasPaid = told.trade_status === 'TRADE_CLOSED' && paidAt !== undefined;
  const common = { number: told.out_trade_no, told: told.total_amount, ours };
  if (isPaid || wasPaid) {
    if (paidAt === undefined) throw new Error('A paid trade tells no time of payment.');
    return { ...common, state: 'paid', reference: told.trade_no, paidAt };
  }
  return { ...common, state: told.trade_status === 'TRADE_CLOSED' ? 'closed' : 'unpaid' };
}

/** A refund that moved money by our call. Its amount is what we asked for: another one under its number is refused. */
export function movedRefund(
  answer: z.infer<typeof RefundAnswer>,
  asked: { readonly number: string; readonly refund: MinorMoney },
): ProviderRefund {
  return {
    number: asked.number,
    state: 'paid',
    told: asked.refund,
    reference: answer.trade_no,
    ...(answer.gmt_refund_pay === undefined ? {} : { endedAt: answer.gmt_refund_pay }),
  };
}

/** Success alone is no refund: the provider answers so for a number that it has never seen, with nothing in it. */
export function queriedRefund(answer: z.infer<typeof RefundQueryAnswer>): ProviderRefund | null {
  const { out_request_no: number, refund_amount: told, refund_status: status, trade_no: reference } = answer;
  if (number === undefined || told === undefined || reference === undefined) return null;
  // Before 2021 there was no status, and an amount meant success.
  const state = status === undefined || status === 'REFUND_SUCCESS' ? 'paid' : 'processing';
  const endedAt = answer.gmt_refund_pay;
  return { number, state, told, reference, ...(endedAt === undefined ? {} : { endedAt }) };
}
