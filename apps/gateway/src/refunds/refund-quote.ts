import { AmountText, type LedgerApi, type PaymentsApi } from '@app/contracts';
import { z } from 'zod';

/** What a quote is asked for: an amount, or everything that is left. */
export const QuoteQuestion = z.object({
  amount: AmountText.optional().describe('Everything that is left where none is said.'),
});
export type QuoteQuestion = z.infer<typeof QuoteQuestion>;

const QuotedItem = z.object({
  top_up_id: z.string(),
  channel: z.string(),
  amount: z.string(),
  how: z.string().describe('`automatic`, or `by_people` where the channel no longer pays it back by itself.'),
  not_before: z.string().nullable(),
});

/** What a refund would come to now. It is no promise: nothing is set aside. */
export const RefundQuoteView = z.object({
  object: z.literal('refund_quote'),
  currency: z.string(),
  total: z.string().nullable().describe('What would go back, in whole minor units.'),
  items: z.array(QuotedItem).describe('By payment, newest first.'),
  refusal_code: z.string().nullable().describe('Why it would be refused.'),
  refundable: z.string().nullable().describe('What could be refunded instead.'),
});
export type RefundQuoteView = z.infer<typeof RefundQuoteView>;

export const refundQuoteView = (
  quote: LedgerApi.RefundQuote,
  { ways }: PaymentsApi.RefundPlan,
): RefundQuoteView => ({
  object: 'refund_quote',
  currency: quote.currency,
  total: orNull(quote.total),
  items: quote.items.map(({ topUpId, channel, amount }) => {
    const way = ways.find((candidate) => candidate.topUpId === topUpId);
    const how = way?.how ?? 'by_people';
    return { top_up_id: topUpId, channel, amount, how, not_before: orNull(way?.notBefore ?? '') };
  }),
  refusal_code: orNull(quote.refusalCode),
  refundable: orNull(quote.refundable),
});

const orNull = (text: string): string | null => (text === '' ? null : text);
