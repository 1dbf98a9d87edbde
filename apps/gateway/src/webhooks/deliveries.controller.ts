import { newId } from '@app/persistence';
import { Public } from '@app/transport';
import { Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { Clock } from '../clock.ts';
import { conflict, notFound } from '../openai/openai-error.ts';
import { PageQuery } from '../page-query.ts';
import { DeliveriesStore, type Delivery, type DeliveryOwner } from './deliveries.store.ts';
import { noticeOf, testType } from './notice.ts';
import { DeliveryPage, DeliveryView } from './webhook-view.ts';
import { WebhooksStore } from './webhooks.store.ts';

/** What was sent to a customer's webhook, and what is to be sent again. */
@ApiTags('webhooks')
@ApiBearerAuth()
@Controller('v1/webhooks/:webhookId')
@Public()
export class DeliveriesController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly webhooks: WebhooksStore,
    private readonly deliveries: DeliveriesStore,
    private readonly clock: Clock,
  ) {}

  @Get('deliveries')
  @ApiOperation({ summary: 'What was sent to a webhook in the last 30 days, newest first' })
  @ApiOkResponse({ standardSchema: DeliveryPage })
  async log(
    @Headers('authorization') authorization: string | undefined,
    @Param('webhookId') webhookId: string,
    @Query({ schema: PageQuery }) { limit, page }: PageQuery,
  ): Promise<DeliveryPage> {
    const { owner } = await this.ownerOf(authorization, webhookId);
    const log = await this.deliveries.log(owner, { limit: limit + 1, after: page ?? '' });
    const data = log.slice(0, limit);
    const hasMore = log.length > limit;
    return {
      object: 'list',
      data: data.map(viewOf),
      has_more: hasMore,
      next_page: hasMore ? (data.at(-1)?.deliveryId ?? null) : null,
    };
  }

  @Post('deliveries/:deliveryId/redeliver')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sends an event again, under the same webhook-id' })
  @ApiAcceptedResponse({ standardSchema: DeliveryView })
  async redeliver(
    @Headers('authorization') authorization: string | undefined,
    @Param('webhookId') webhookId: string,
    @Param('deliveryId') deliveryId: string,
  ): Promise<DeliveryView> {
    const { owner, isEnabled } = await this.ownerOf(authorization, webhookId);
    if (!isEnabled) throw isDisabled();
    const delivery = await this.deliveries.redeliver(owner, deliveryId, this.clock.now());
    if (delivery === undefined) throw notFound('delivery that has ended');
    return viewOf(delivery);
  }

  @Post('test')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sends an event of the type webhook.test' })
  @ApiAcceptedResponse({ standardSchema: DeliveryView })
  async test(
    @Headers('authorization') authorization: string | undefined,
    @Param('webhookId') webhookId: string,
  ): Promise<DeliveryView> {
    const { owner, isEnabled } = await this.ownerOf(authorization, webhookId);
    if (!isEnabled) throw isDisabled();
    const now = this.clock.now();
    const data = { webhook_id: webhookId };
    const notice = noticeOf({ customerId: owner.customerId, type: testType, at: now, data }, newId('tst'));
    const delivery = await this.deliveries.recordAt(owner, notice, now);
    if (delivery === undefined) throw conflict('A test is still on its way to this webhook.');
    return viewOf(delivery);
  }

  private async ownerOf(
    authorization: string | undefined,
    webhookId: string,
  ): Promise<{ readonly owner: DeliveryOwner; readonly isEnabled: boolean }> {
    const { customerId } = await this.access.handle(authorization, 'webhooks');
    const endpoint = await this.webhooks.find(customerId, webhookId);
    if (endpoint === undefined) throw notFound('webhook');
    return { owner: { customerId, endpointId: webhookId }, isEnabled: endpoint.status === 'enabled' };
  }
}

const isDisabled = () => conflict('This webhook is disabled. Enable it first.');

const viewOf = (delivery: Delivery): DeliveryView => ({
  object: 'webhook_delivery',
  id: delivery.deliveryId,
  event_id: delivery.eventId,
  type: delivery.type,
  status: delivery.status,
  attempts: delivery.attempts,
  next_attempt_at: delivery.nextAttemptAt,
  last_attempt_at: delivery.lastAttemptAt,
  response_status: delivery.responseStatus,
  failure: delivery.failure,
  body: delivery.body,
  created_at: delivery.createdAt,
});
