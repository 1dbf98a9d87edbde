import { findCurrency } from '@app/money';
import { z } from 'zod';
import type { ProviderRefund, ProviderTrade } from '../payment-channel.ts';

/** The numbers of JSON come as bigint here (see exact-json.ts): a fraction or an exponent is no amount. */
const fen = z.bigint().min(0n).max(BigInt(Number.MAX_SAFE_INTEGER));
const instant = z.iso.datetime({ offset: true });
const currency = z.string().refine((code) => findCurrency(code) !== undefined, 'must be a currency');

export const NativeAnswer = z.object({ code_url: z.string().min(1).max(512) });
export const JsapiAnswer = z.object({ prepay_id: z.string().min(1).max(64) });

export const TransactionAnswer = z
  .object({
    appid: z.string(),
    mchid: z.string(),
    out_trade_no: z.string(),
    transaction_id: z.string().min(1).max(32).optional(),
    trade_state: z.enum([
      'SUCCESS',
      'REFUND',
      'NOTPAY',
      'CLOSED',
      'REVOKED',
      'USERPAYING',
      'PAYERROR',
      'ACCEPT',
    ]),
    success_time: instant.optional(),
    amount: z.object({ total: fen, currency: currency.optional() }),
  })
  .refine(
    ({ trade_state: state, transaction_id: id, success_time: time }) =>
      (state !== 'SUCCESS' && state !== 'REFUND') || (id !== undefined && time !== undefined),
    'a paid order has a transaction_id and a success_time',
  );
export type TransactionAnswer = z.infer<typeof TransactionAnswer>;

export const RefundAnswer = z.object({
  refund_id: z.string().min(1).max(32),
  out_refund_no: z.string(),
  status: z.enum(['SUCCESS', 'CLOSED', 'PROCESSING', 'ABNORMAL']),
  success_time: instant.optional(),
  amount: z.object({ refund: fen, currency: currency.optional() }),
});
export type RefundAnswer = z.infer<typeof RefundAnswer>;

/** In a notification the status has another name and the merchant is told. */
export const RefundNews = z.object({
  mchid: z.string(),
  refund_id: z.string().min(1).max(32),
  out_refund_no: z.string(),
  refund_status: z.enum(['SUCCESS', 'CLOSED', 'ABNORMAL']),
  success_time: instant.optional(),
  amount: z.object({ refund: fen, currency: currency.optional() }),
});

/** Where a bill lies for five minutes, and the digest of the unpacked file. */
export const BillAnswer = z.object({
  hash_type: z.literal('SHA1'),
  hash_value: z.string().regex(/^[0-9a-fA-F]{40}$/),
  download_url: z.url().max(2_048),
});
export type BillAnswer = z.infer<typeof BillAnswer>;

/** The currency of this provider where it tells none, as its documents say. */
export const defaultCurrency = 'CNY';

/** `REFUND` is a paid order of which something was paid back; `PAYERROR` may still be paid. */
const tradeStates: Record<TransactionAnswer['trade_state'], ProviderTrade['state']> = {
  SUCCESS: 'paid',
  REFUND: 'paid',
  NOTPAY: 'unpaid',
  USERPAYING: 'unpaid',
  PAYERROR: 'unpaid',
  ACCEPT: 'unpaid',
  CLOSED: 'closed',
  REVOKED: 'closed',
};

const refundStates: Record<RefundAnswer['status'], ProviderRefund['state']> = {
  SUCCESS: 'paid',
  CLOSED: 'closed',
  PROCESSING: 'processing',
  ABNORMAL: 'abnormal',
};

/** The order's amount is what counts, not what the payer gave after coupons. */
export function tradeOf(answer: TransactionAnswer, us: { mchid: string; appid: string }): ProviderTrade {
  return {
    number: answer.out_trade_no,
    state: tradeStates[answer.trade_state],
    told: { minor: answer.amount.total, currency: answer.amount.currency ?? defaultCurrency },
    ...(answer.transaction_id === undefined ? {} : { reference: answer.transaction_id }),
    ...(answer.success_time === undefined ? {} : { paidAt: utc(answer.success_time) }),
    ours: answer.mchid === us.mchid && answer.appid === us.appid,
  };
}

export function refundOf(answer: RefundAnswer): ProviderRefund {
  return {
    number: answer.out_refund_no,
    state: refundStates[answer.status],
    told: { minor: answer.amount.refund, currency: answer.amount.currency ?? defaultCurrency },
    reference: answer.refund_id,
    ...(answer.success_time === undefined ? {} : { endedAt: utc(answer.success_time) }),
  };
}

/** The provider tells whole seconds; the database would drop the zeros after them. */
const utc = (text: string): string => new Date(text).toISOString().replace('.000Z', 'Z');
