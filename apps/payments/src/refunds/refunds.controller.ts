import { CurrencyCode, Id } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Body, Controller, Get, Headers, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ListOfCustomer, OfCustomer } from '../top-ups/top-ups.controller.ts';
import { ReadRefundsHandler } from './read-refunds.handler.ts';
import { RequestRefundHandler } from './request-refund.handler.ts';
import { RefundPage, RefundView, viewOf } from './refund-view.ts';

const RequestRefundBody = z
  .union([
    z.strictObject({ customerId: Id, closeOut: z.literal(true) }),
    z.strictObject({
      customerId: Id,
      closeOut: z.literal(false).default(false),
      amount: z.string().max(64).describe('Decimal text in whole minor units, such as "12.35".'),
      currency: CurrencyCode,
    }),
  ])
  .meta({ id: 'RequestRefund' });
type RequestRefundBody = z.infer<typeof RequestRefundBody>;

/** Refunds over HTTP, for services and people of ours; customers come through the gateway. */
@ApiTags('refunds')
@Controller('v1/refunds')
export class RefundsController {
  constructor(
    private readonly requesting: RequestRefundHandler,
    private readonly reading: ReadRefundsHandler,
  ) {}

  @Scopes('payments:write')
  @Post()
  @ApiOperation({ summary: 'Asks for a refund of unused balance to where it came from; the ledger decides' })
  @ApiHeader({ name: 'Idempotency-Key', required: true })
  @ApiCreatedResponse({ standardSchema: RefundView })
  async request(
    @Body({ schema: RequestRefundBody }) body: RequestRefundBody,
    @Headers('idempotency-key') idempotencyKey = '',
  ) {
    const asked = body.closeOut
      ? ({ kind: 'close-out' } as const)
      : ({ kind: 'amount', amount: body.amount, currency: body.currency } as const);
    return viewOf(await this.requesting.request({ customerId: body.customerId, asked, idempotencyKey }));
  }

  @Scopes('payments:read')
  @Get()
  @ApiOperation({ summary: 'Lists the refunds of a customer, newest first' })
  @ApiOkResponse({ standardSchema: RefundPage })
  list(@Query({ schema: ListOfCustomer }) query: z.infer<typeof ListOfCustomer>) {
    return this.reading.list(query);
  }

  @Scopes('payments:read')
  @Get(':refundId')
  @ApiOperation({ summary: 'Gives a refund' })
  @ApiOkResponse({ standardSchema: RefundView })
  get(
    @Param('refundId', { schema: Id }) refundId: string,
    @Query({ schema: OfCustomer }) { customerId }: z.infer<typeof OfCustomer>,
  ) {
    return this.reading.get({ customerId, refundId });
  }
}
