import { z } from 'zod';
import { GatewayError } from './gateway-error.ts';

const yuan = z.string().regex(/^\d{1,9}(\.\d{1,2})?$/, 'must be yuan with at most two decimals');
const beijing = z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/, 'must be yyyy-MM-dd HH:mm:ss');
const number = z.string().regex(/^[0-9A-Za-z_-]{1,64}$/, 'must be 1 to 64 of 0-9 A-Z a-z _ -');

/** What a call says of its order, by method. */
export const PrecreateContent = z.object({
  out_trade_no: number,
  total_amount: yuan.refine((text) => {
    const fen = fenOf(text);
    return fen >= 1 && fen <= 10_000_000_000;
  }, 'must be 0.01 to 100000000'),
  subject: z.string().min(1).max(256),
  time_expire: beijing.optional(),
});
export type PrecreateContent = z.infer<typeof PrecreateContent>;

export const PageContent = PrecreateContent.extend({ product_code: z.literal('FAST_INSTANT_TRADE_PAY') });
export const TradeContent = z.object({ out_trade_no: number });
export const RefundContent = z.object({
  out_trade_no: number,
  out_request_no: number,
  refund_amount: yuan,
  refund_reason: z.string().max(256).optional(),
});
export type RefundContent = z.infer<typeof RefundContent>;
export const RefundQueryContent = z.object({ out_trade_no: number, out_request_no: number });

export const BillContent = z.object({
  bill_type: z.enum(['trade', 'signcustomer']),
  bill_date: z.string().regex(/^\d{4}-\d\d-\d\d$/, 'must be yyyy-MM-dd'),
});

/** Reads biz_content in its documented form; anything else is the gateway's own refusal naming the field. */
export function contentOf<Schema extends z.ZodType>(
  schema: Schema,
  text: string | undefined,
): z.infer<Schema> {
  const parsed = schema.safeParse(jsonOf(text ?? ''));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const message = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`;
  throw new GatewayError('40004', 'ACQ.INVALID_PARAMETER', message);
}

/** Whole fen of yuan text. */
export function fenOf(text: string): number {
  const [whole = '0', fraction = ''] = text.split('.');
  return Number(whole + fraction.padEnd(2, '0'));
}

/** Yuan text of whole fen. */
export const yuanOf = (fen: number): string => {
  const text = String(fen).padStart(3, '0');
  return `${text.slice(0, -2)}.${text.slice(-2)}`;
};

/** The instant of a time in Beijing. */
export const instantOf = (text: string): string => new Date(`${text.replace(' ', 'T')}+08:00`).toISOString();

/** The time in Beijing of an instant. */
export const beijingOf = (instant: string): string =>
  new Date(new Date(instant).getTime() + 8 * 60 * 60 * 1000).toISOString().slice(0, 19).replace('T', ' ');

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new GatewayError('40002', 'isv.invalid-parameter', 'biz_content is not JSON');
  }
}
