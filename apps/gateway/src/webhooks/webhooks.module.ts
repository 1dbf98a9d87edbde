import type { Provider, Type } from '@nestjs/common';
import { BalanceAlertsController } from './balance-alerts.controller.ts';
import { DeliveriesController } from './deliveries.controller.ts';
import { DeliveriesStore } from './deliveries.store.ts';
import { DueDeliveriesStore } from './due-deliveries.store.ts';
import { NoticesConsumer } from './notices.consumer.ts';
import { SendWebhooksJob } from './send-webhooks.job.ts';
import { WebhookClient, WebhookTimes } from './webhook.client.ts';
import { WebhookReach } from './webhook-url.ts';
import { WebhooksController } from './webhooks.controller.ts';
import { WebhooksStore } from './webhooks.store.ts';

/** What the environment says about webhooks. */
export interface WebhookSettings {
  readonly WEBHOOKS_SENT_HERE: boolean;
  readonly WEBHOOKS_TO_PRIVATE_ADDRESSES: boolean;
  readonly WEBHOOK_TIMEOUT_MS: number;
}

/** The doors to webhooks, and where it is wanted the reader of the journal. */
export const webhookControllers = ({ WEBHOOKS_SENT_HERE: isSender }: WebhookSettings): Type[] => [
  ...[BalanceAlertsController, DeliveriesController, WebhooksController],
  ...(isSender ? [NoticesConsumer] : []),
];

/** What stands behind them. */
export const webhookProviders = (settings: WebhookSettings): Provider[] => [
  ...[DeliveriesStore, WebhooksStore],
  { provide: WebhookReach, useValue: new WebhookReach(settings.WEBHOOKS_TO_PRIVATE_ADDRESSES) },
  ...(settings.WEBHOOKS_SENT_HERE
    ? [
        ...[DueDeliveriesStore, SendWebhooksJob, WebhookClient],
        { provide: WebhookTimes, useValue: new WebhookTimes(settings.WEBHOOK_TIMEOUT_MS) },
      ]
    : []),
];
