import { Code, CurrencyCode, Id } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Body, Controller, Get, Headers, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { payMethods } from '../channels/payment-channel.ts';
import { ReadTopUpsHandler } from './read-top-ups.handler.ts';
import { StartTopUpHandler } from './start-top-up.handler.ts';
import { TopUpPage, TopUpView, viewOf } from './top-up-view.ts';

const StartTopUpBody = z
  .strictObject({
    customerId: Id,
    channel: Code.default('wechat-pay'),
    amount: z
      .string()
      .max(64)
      .describe('Decimal text in whole minor units, such as "50.00"; at least 1, no maximum.'),
    currency: CurrencyCode,
    method: z.enum(payMethods).optional().describe('The channel’s usual one where nothing is said.'),
    payer: z.string().max(128).optional().describe('For jsapi the payer’s openid.'),
    returnUrl: z.string().max(256).optional().describe('Where a page sends the payer afterwards.'),
  })
  .meta({ id: 'StartTopUp' });

export const OfCustomer = z.strictObject({ customerId: Id });
export const ListOfCustomer = z.strictObject({
  customerId: Id,
  pageSize: z.coerce.number().int().min(0).max(500).default(0),
  cursor: z.string().max(128).default(''),
});

/** Top-ups over HTTP, for services and people of ours; customers come through the gateway. */
@ApiTags('top-ups')
@Controller('v1/top-ups')
export class TopUpsController {
  constructor(
    private readonly starting: StartTopUpHandler,
    private readonly reading: ReadTopUpsHandler,
  ) {}

  @Scopes('payments:write')
  @Post()
  @ApiOperation({ summary: 'Starts a top-up and gives the way to pay it' })
  @ApiHeader({ name: 'Idempotency-Key', required: true })
  @ApiCreatedResponse({ standardSchema: TopUpView })
  async start(
    @Body({ schema: StartTopUpBody }) body: z.infer<typeof StartTopUpBody>,
    @Headers('idempotency-key') idempotencyKey = '',
  ) {
    return viewOf(await this.starting.start({ ...body, idempotencyKey }));
  }

  @Scopes('payments:read')
  @Get()
  @ApiOperation({ summary: 'Lists the top-ups of a customer, newest first' })
  @ApiOkResponse({ standardSchema: TopUpPage })
  list(@Query({ schema: ListOfCustomer }) query: z.infer<typeof ListOfCustomer>) {
    return this.reading.list(query);
  }

  @Scopes('payments:read')
  @Get(':topUpId')
  @ApiOperation({ summary: 'Gives a top-up' })
  @ApiOkResponse({ standardSchema: TopUpView })
  get(
    @Param('topUpId', { schema: Id }) topUpId: string,
    @Query({ schema: OfCustomer }) { customerId }: z.infer<typeof OfCustomer>,
  ) {
    return this.reading.get({ customerId, topUpId });
  }
}
