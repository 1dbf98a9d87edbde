import { AmountText, type PaymentsApi } from '@app/contracts';
import { z } from 'zod';

/** How much to give back: an amount, or everything that is left. */
export const NewRefund = z
  .strictObject({
    amount: AmountText.optional().describe('In the wallet’s currency, in whole minor units.'),
    close_out: z.boolean().default(false).describe('Everything that is left, rounded up to the minor unit.'),
  })
  .refine(({ amount, close_out: closeOut }) => (amount === undefined) === closeOut, {
    path: ['amount'],
    message: 'say either an amount or close_out',
  });
export type NewRefund = z.infer<typeof NewRefund>;

const RefundItem = z.object({
  id: z.string(),
  top_up_id: z.string(),
  channel: z.string(),
  amount: z.string(),
  status: z.string(),
  provider_reference: z.string().nullable(),
  failure_code: z.string().nullable(),
});

/** A refund to the payments that it came from. */
export const RefundView = z.object({
  object: z.literal('refund'),
  id: z.string(),
  status: z.string().describe('requested, processing, succeeded, partially_succeeded, failed or refused.'),
  close_out: z.boolean(),
  amount: z.string().nullable(),
  currency: z.string(),
  refusal_code: z.string().nullable(),
  refundable: z.string().nullable().describe('What could be refunded instead, where it was refused.'),
  items: z.array(RefundItem),
  requested_at: z.string(),
  closed_at: z.string().nullable(),
  paid: z.string().nullable().describe('What went back, once the refund is closed.'),
  given_back: z.string().nullable().describe('What returned to the balance instead.'),
});
export type RefundView = z.infer<typeof RefundView>;

/** A page of refunds, newest first. */
export const RefundPage = z.object({
  object: z.literal('list'),
  data: z.array(RefundView),
  has_more: z.boolean(),
  next_page: z.string().nullable(),
});
export type RefundPage = z.infer<typeof RefundPage>;

export const refundView = (refund: PaymentsApi.Refund): RefundView => ({
  object: 'refund',
  id: refund.refundId,
  status: refund.status,
  close_out: refund.closeOut,
  amount: orNull(refund.amount),
  currency: refund.currency,
  refusal_code: orNull(refund.refusalCode),
  refundable: orNull(refund.refundable),
  items: refund.items.map((item) => ({
    id: item.itemId,
    top_up_id: item.topUpId,
    channel: item.channel,
    amount: item.amount,
    status: item.status,
    provider_reference: orNull(item.providerReference),
    failure_code: orNull(item.failureCode),
  })),
  requested_at: refund.requestedAt,
  closed_at: orNull(refund.closedAt),
  paid: orNull(refund.paid),
  given_back: orNull(refund.givenBack),
});

const orNull = (text: string): string | null => (text === '' ? null : text);
