import { topUpForCredits } from '@app/money';
import { newId } from '@app/persistence';
import { Public } from '@app/transport';
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  type MessageEvent,
  Param,
  Post,
  Query,
  Req,
  Sse,
  UseGuards,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { map, type Observable } from 'rxjs';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import type { Caller } from '../access/caller.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import { PageQuery } from '../page-query.ts';
import { Peers } from '../peers.client.ts';
import { FindWatchedHandler, type WatchRequest } from './find-watched.handler.ts';
import { NewTopUp, TopUpPage, topUpView, TopUpView } from './top-up-view.ts';
import { WatchedTopUps } from './watched-top-ups.handler.ts';

/** A provider may take a while to say how a top-up is to be paid. */
const startTimeoutMs = 15_000;

/** A customer's top-ups, kept by payments. */
@ApiTags('account')
@ApiBearerAuth()
@Controller('v1/top-ups')
@Public()
export class TopUpsController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly peers: Peers,
    private readonly watched: WatchedTopUps,
  ) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({
    summary: 'Starts a top-up and says how to pay it; the same Idempotency-Key gives the same top-up',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiCreatedResponse({ standardSchema: TopUpView })
  async start(
    @Headers() headers: Readonly<Record<string, string | undefined>>,
    @Body({ schema: NewTopUp }) wanted: NewTopUp,
  ): Promise<TopUpView> {
    const caller = await this.access.handle(headers['authorization'], 'top-ups');
    const topUp = await this.peers.payments.StartTopUp(
      {
        customerId: caller.customerId,
        channel: wanted.channel,
        method: wanted.method ?? '',
        payer: wanted.openid ?? '',
        returnUrl: wanted.return_url ?? '',
        amount: amountOf(wanted, caller),
        currency: caller.currency,
        idempotencyKey: idempotencyKeyOf(headers['idempotency-key']) ?? newId('req'),
      },
      { timeoutMs: startTimeoutMs },
    );
    return topUpView(topUp);
  }

  @Get()
  @ApiOperation({ summary: 'Your top-ups, newest first' })
  @ApiOkResponse({ standardSchema: TopUpPage })
  async list(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: PageQuery }) { limit, page }: PageQuery,
  ): Promise<TopUpPage> {
    const { customerId } = await this.access.handle(authorization);
    const { topUps, nextCursor } = await this.peers.payments.ListTopUps({
      customerId,
      pageSize: limit,
      cursor: page ?? '',
    });
    return {
      object: 'list',
      data: topUps.map(topUpView),
      has_more: nextCursor !== '',
      next_page: nextCursor === '' ? null : nextCursor,
    };
  }

  @Sse(':topUpId/events')
  @ApiOperation({ summary: 'How one of your top-ups stands, told at every change until it has ended' })
  @ApiParam({ name: 'topUpId' })
  @UseGuards(FindWatchedHandler)
  watch(@Req() { topUp }: WatchRequest): Observable<MessageEvent> {
    return this.watched
      .watch(topUp)
      .pipe(map((now) => ({ type: 'top_up', id: now.topUpId, data: topUpView(now) })));
  }

  @Get(':topUpId')
  @ApiOperation({ summary: 'One of your top-ups' })
  @ApiOkResponse({ standardSchema: TopUpView })
  async find(
    @Headers('authorization') authorization: string | undefined,
    @Param('topUpId') topUpId: string,
  ): Promise<TopUpView> {
    const { customerId } = await this.access.handle(authorization);
    return topUpView(await this.peers.payments.GetTopUp({ customerId, topUpId }));
  }
}

const amountOf = ({ amount, credits = '0' }: NewTopUp, { plan, currency }: Caller): string =>
  amount ?? topUpForCredits(credits, plan, currency).toText();
