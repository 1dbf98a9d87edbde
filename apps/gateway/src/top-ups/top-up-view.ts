import { AmountText, Code, type PaymentsApi } from '@app/contracts';
import { z } from 'zod';

/** How much to top up: an amount in the wallet's currency, or credits of the plan. */
export const NewTopUp = z
  .strictObject({
    amount: AmountText.optional().describe('In the wallet’s currency, in whole minor units: "50" or "7.5".'),
    credits: AmountText.optional().describe(
      'In credits of your plan; what they cost is rounded up to the minor unit.',
    ),
    channel: Code.default('wechat-pay').describe('wechat-pay or alipay.'),
    method: z
      .enum(['qr', 'page', 'jsapi'])
      .optional()
      .describe('How you want to pay, where the channel offers more than one; a QR code usually.'),
    openid: z.string().max(128).optional().describe('Who pays, for jsapi.'),
    return_url: z.url().max(256).optional().describe('Where a payment page sends you afterwards.'),
  })
  .refine(({ amount, credits }) => (amount === undefined) !== (credits === undefined), {
    path: ['amount'],
    message: 'say either an amount or credits',
  });
export type NewTopUp = z.infer<typeof NewTopUp>;

/** A top-up. */
export const TopUpView = z.object({
  object: z.literal('top_up'),
  id: z.string(),
  status: z.string().describe('created, pending, unknown, succeeded, closed, failed or review.'),
  channel: z.string(),
  amount: z.string(),
  currency: z.string(),
  action: z
    .object({
      kind: z.string(),
      value: z.string(),
      picture: z.string().nullable().describe('The QR code as a data: URL of SVG; not in lists.'),
    })
    .nullable()
    .describe(
      'How to pay: the text of a QR code, for `redirect` a page to go to, for `jsapi` parameters as JSON.',
    ),
  late: z.boolean().describe('Paid after it had expired or been closed; credited all the same.'),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  paid_at: z.string().nullable(),
  provider_reference: z.string().nullable(),
  failure_code: z.string().nullable(),
});
export type TopUpView = z.infer<typeof TopUpView>;

/** A page of top-ups, newest first. */
export const TopUpPage = z.object({
  object: z.literal('list'),
  data: z.array(TopUpView),
  has_more: z.boolean(),
  next_page: z.string().nullable(),
});
export type TopUpPage = z.infer<typeof TopUpPage>;

export const topUpView = (topUp: PaymentsApi.TopUp): TopUpView => ({
  object: 'top_up',
  id: topUp.topUpId,
  status: topUp.status,
  channel: topUp.channel,
  amount: topUp.amount,
  currency: topUp.currency,
  action: actionOf(topUp),
  late: topUp.late,
  created_at: topUp.createdAt,
  expires_at: orNull(topUp.expiresAt),
  paid_at: orNull(topUp.paidAt),
  provider_reference: orNull(topUp.providerReference),
  failure_code: orNull(topUp.failureCode),
});

const actionOf = ({ actionKind: kind, actionValue: value, actionPicture }: PaymentsApi.TopUp) =>
  kind === '' ? null : { kind, value, picture: orNull(actionPicture) };

const orNull = (text: string): string | null => (text === '' ? null : text);
