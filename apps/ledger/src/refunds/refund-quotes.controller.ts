import { AmountText, Code, CurrencyCode, Id } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { QuoteRefundHandler } from './quote-refund.handler.ts';

const Asked = z.object({
  amount: AmountText.optional().describe('Everything that is left where none is said.'),
});
const QuoteView = z.object({
  currency: CurrencyCode,
  total: z.string(),
  rounding: z.string(),
  items: z.array(z.object({ topUpId: Id, channel: Code, amount: AmountText })),
  refusalCode: z.string(),
  refundable: z.string(),
});

/** The REST door of refund quotes. */
@ApiTags('balances')
@Controller('v1/customers/:customerId/refund-quote')
@Scopes('ledger:read')
export class RefundQuotesController {
  constructor(private readonly quotes: QuoteRefundHandler) {}

  @Get()
  @ApiOperation({ summary: 'What a refund would take from which top-ups; nothing is set aside' })
  @ApiOkResponse({ standardSchema: QuoteView })
  quote(
    @Param('customerId') customerId: string,
    @Query({ schema: Asked }) { amount = '' }: z.infer<typeof Asked>,
  ) {
    return this.quotes.quote({ customerId, closeOut: amount === '', amount });
  }
}
