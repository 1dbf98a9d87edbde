import { log } from '@app/observability';
import { Public } from '@app/transport';
import { Controller, Post, type RawBodyRequest, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PaymentChannels } from '../channels/payment-channel.ts';
import { type Heard, HearProviderHandler } from './hear-provider.handler.ts';
import { rawNotificationOf } from './raw-notification.ts';

const channelCode = 'wechat-pay';

/** By the status alone WeChat Pay knows whether it may stop; anything but 200 and 204 is sent again, up to 24 hours. */
const statuses: Readonly<Record<Heard, number>> = {
  applied: 204,
  known: 204,
  ignored: 204,
  contradicts: 204,
  orphan: 404,
  refused: 401,
  probe: 401,
};

/** Where WeChat Pay tells us of payments and refunds. Open to everyone: only the signature counts. */
@ApiExcludeController()
@Public()
@Controller('webhooks/wechat')
export class WechatWebhooksController {
  constructor(
    private readonly channels: PaymentChannels,
    private readonly handler: HearProviderHandler,
  ) {}

  @Post('pay')
  pay(@Req() request: RawBodyRequest<FastifyRequest>, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply);
  }

  @Post('refund')
  refund(@Req() request: RawBodyRequest<FastifyRequest>, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply);
  }

  private async answer(request: RawBodyRequest<FastifyRequest>, reply: FastifyReply): Promise<void> {
    const status = await this.hear(request);
    if (status === 204) await reply.status(204).send();
    else await reply.status(status).send({ code: 'FAIL', message: 'not accepted' });
  }

  private async hear(request: RawBodyRequest<FastifyRequest>): Promise<number> {
    try {
      const raw = rawNotificationOf(request);
      return statuses[await this.handler.hear(this.channels.of(channelCode), raw)];
    } catch (error) {
      // Nothing was committed, so the provider must tell us again.
      log().error({ err: error }, 'A notification could not be applied');
      return 500;
    }
  }
}
