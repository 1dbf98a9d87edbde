import { newId } from '@app/persistence';
import { Public } from '@app/transport';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import { PageQuery } from '../page-query.ts';
import { Peers } from '../peers.client.ts';
import { QuoteQuestion, refundQuoteView, RefundQuoteView } from './refund-quote.ts';
import { NewRefund, RefundPage, refundView, RefundView } from './refund-view.ts';

/** A customer's refunds, kept by payments and decided by the ledger. */
@ApiTags('account')
@ApiBearerAuth()
@Controller('v1/refunds')
@Public()
export class RefundsController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly peers: Peers,
  ) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({ summary: 'Asks for unused balance back, to the payments that it came from' })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiCreatedResponse({ standardSchema: RefundView })
  async request(
    @Headers() headers: Readonly<Record<string, string | undefined>>,
    @Body({ schema: NewRefund }) wanted: NewRefund,
  ): Promise<RefundView> {
    const { customerId, currency } = await this.access.handle(headers['authorization'], 'refunds');
    const refund = await this.peers.payments.RequestRefund({
      customerId,
      closeOut: wanted.close_out,
      amount: wanted.amount ?? '',
      currency,
      idempotencyKey: idempotencyKeyOf(headers['idempotency-key']) ?? newId('req'),
    });
    return refundView(refund);
  }

  @Get('quote')
  @ApiOperation({ summary: 'What a refund would come to now, by payment and way; nothing is set aside' })
  @ApiOkResponse({ standardSchema: RefundQuoteView })
  async quote(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: QuoteQuestion }) { amount = '' }: QuoteQuestion,
  ): Promise<RefundQuoteView> {
    const { customerId } = await this.access.handle(authorization);
    const quote = await this.peers.ledger.QuoteRefund({ customerId, closeOut: amount === '', amount });
    const topUpIds = quote.items.map((item) => item.topUpId);
    return refundQuoteView(quote, await this.peers.payments.PlanRefund({ customerId, topUpIds }));
  }

  @Get()
  @ApiOperation({ summary: 'Your refunds, newest first' })
  @ApiOkResponse({ standardSchema: RefundPage })
  async list(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: PageQuery }) { limit, page }: PageQuery,
  ): Promise<RefundPage> {
    const { customerId } = await this.access.handle(authorization);
    const { refunds, nextCursor } = await this.peers.payments.ListRefunds({
      customerId,
      pageSize: limit,
      cursor: page ?? '',
    });
    return {
      object: 'list',
      data: refunds.map(refundView),
      has_more: nextCursor !== '',
      next_page: nextCursor === '' ? null : nextCursor,
    };
  }

  @Get(':refundId')
  @ApiOperation({ summary: 'One of your refunds' })
  @ApiOkResponse({ standardSchema: RefundView })
  async find(
    @Headers('authorization') authorization: string | undefined,
    @Param('refundId') refundId: string,
  ): Promise<RefundView> {
    const { customerId } = await this.access.handle(authorization);
    return refundView(await this.peers.payments.GetRefund({ customerId, refundId }));
  }
}
