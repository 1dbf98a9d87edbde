import { z } from 'zod';
import { ProviderError } from '../providers/provider-error.ts';

const currency = z.literal('CNY', 'must be CNY');
const fen = z.int('must be an integer of fen').min(1, 'must be at least 1 fen');
const beijingInstant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/, 'must be RFC 3339 with +08:00');

/** The real provider asks for https; a sandbox on the loopback interface has no certificate to offer. */
const NotifyUrl = z
  .string()
  .max(255)
  .regex(
    /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])[^?#]*$/,
    'must be https without a query string',
  );

const outTradeNo = z.string().regex(/^[0-9A-Za-z_\-*]{6,32}$/, 'must be 6 to 32 of 0-9 A-Z a-z _ - *');

export const NativeOrder = z.object({
  appid: z.string().max(32),
  mchid: z.string().max(32),
  description: z.string().min(1).max(127),
  out_trade_no: outTradeNo,
  time_expire: beijingInstant.optional(),
  attach: z.string().max(128).optional(),
  notify_url: NotifyUrl,
  amount: z.object({ total: fen, currency }),
});
export type NativeOrder = z.infer<typeof NativeOrder>;

/** An order inside the provider's app names who pays. */
export const JsapiOrder = NativeOrder.extend({ payer: z.object({ openid: z.string().min(1).max(128) }) });
export type JsapiOrder = z.infer<typeof JsapiOrder>;

export const CloseOrder = z.object({ mchid: z.string().max(32) });

export const RefundOrder = z
  .object({
    transaction_id: z.string().max(32).optional(),
    out_trade_no: outTradeNo.optional(),
    out_refund_no: z.string().regex(/^[0-9A-Za-z_\-|*@]{1,64}$/, 'must be 1 to 64 of 0-9 A-Z a-z _ - | * @'),
    reason: z.string().max(80).optional(),
    notify_url: NotifyUrl.optional(),
    funds_account: z.literal('AVAILABLE').optional(),
    amount: z.object({ refund: fen, total: fen, currency }),
  })
  .refine((body) => (body.transaction_id === undefined) !== (body.out_trade_no === undefined), {
    message: 'exactly one of transaction_id and out_trade_no must be given',
    path: ['transaction_id'],
  });
export type RefundOrder = z.infer<typeof RefundOrder>;

/** Reads a body in its documented form; anything else is PARAM_ERROR naming the field. */
export function readBody<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.infer<Schema> {
  const parsed = schema.safeParse(json(body));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ProviderError(
    400,
    'PARAM_ERROR',
    `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`,
  );
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw new ProviderError(400, 'PARAM_ERROR', 'The body is not JSON.');
  }
}
