import { log } from '@app/observability';
import { Public } from '@app/transport';
import { Controller, Header, HttpCode, Post, type RawBodyRequest, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { PaymentChannels } from '../channels/payment-channel.ts';
import { type Heard, HearProviderHandler } from './hear-provider.handler.ts';
import { rawNotificationOf } from './raw-notification.ts';

const channelCode = 'alipay';

/** Nothing but this very word tells Alipay that it may stop; anything else is sent again, eight times in 25 hours. */
const accepted: ReadonlySet<Heard> = new Set(['applied', 'known', 'ignored', 'contradicts']);

/** Where Alipay tells us of trades and their refunds. Open to everyone: only the signature counts. */
@ApiExcludeController()
@Public()
@Controller('webhooks/alipay')
export class AlipayWebhooksController {
  constructor(
    private readonly channels: PaymentChannels,
    private readonly handler: HearProviderHandler,
  ) {}

  @Post('trade')
  @HttpCode(200)
  @Header('content-type', 'text/plain; charset=utf-8')
  async trade(@Req() request: RawBodyRequest<FastifyRequest>): Promise<string> {
    const channel = this.channels.find(channelCode);
    if (!channel) return 'fail';
    try {
      return accepted.has(await this.handler.hear(channel, rawNotificationOf(request))) ? 'success' : 'fail';
    } catch (error) {
      // Nothing was committed, so the provider must tell us again.
      log().error({ err: error }, 'A notification could not be applied');
      return 'fail';
    }
  }
}
