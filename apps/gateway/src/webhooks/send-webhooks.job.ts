import { log, metrics, RepeatedJob } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { KeyPepper } from '../access/issue-key.handler.ts';
import { Clock, later } from '../clock.ts';
import { type ClaimedDelivery, DueDeliveriesStore } from './due-deliveries.store.ts';
import { failingMsMax, pauseAfterMs } from './retry-schedule.ts';
import { type Reception, WebhookClient, WebhookTimes } from './webhook.client.ts';
import { signatureHeaders } from './webhook-signature.ts';

const attempted = metrics.counter({
  name: 'gateway_webhook_attempts_total',
  help: 'Attempts to tell customers’ servers of events.',
  labels: ['outcome'],
});
const disabled = metrics.counter({
  name: 'gateway_webhooks_disabled_total',
  help: 'Endpoints of customers that nothing is sent to any more.',
  labels: ['reason'],
});

const atOnceMax = 64;
const perEndpointMax = 4;
/** Beyond the longest attempt by this much, another process takes a delivery for abandoned. */
const leaseSlackMs = 15_000;
const keptMs = 30 * 86_400_000;
const goneStatus = 410;

/**
 * Sends what is due. A delivery is one process's until its lease is over, so two replicas do not send it at once, and what a
 * process that died was at is sent again under the same id: at least once.
 */
@Injectable()
export class SendWebhooksJob extends RepeatedJob {
  private readonly sending = new Map<Promise<void>, string>();

  constructor(
    private readonly due: DueDeliveriesStore,
    private readonly client: WebhookClient,
    private readonly clock: Clock,
    private readonly times: WebhookTimes,
    private readonly pepper: KeyPepper,
  ) {
    super({ everyMs: 1_000, failure: 'Webhooks were not sent' });
  }

  /** Claims and begins; it waits for no receiver, so one that hangs delays nobody. */
  async round(): Promise<void> {
    const now = this.clock.now();
    const claimed = await this.due.claim({
      now,
      leaseUntil: later(now, this.times.attemptMs + leaseSlackMs),
      limit: atOnceMax - this.sending.size,
      perEndpoint: perEndpointMax,
      busy: [...new Set(this.sending.values())],
    });
    for (const delivery of claimed) this.deliver(delivery);
    await this.due.forgetBefore(later(now, -keptMs));
  }

  /** Resolves when nothing is on its way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.sending.keys());
  }

  override async beforeApplicationShutdown(): Promise<void> {
    await super.beforeApplicationShutdown();
    await this.settled();
  }

  private deliver(delivery: ClaimedDelivery): void {
    const sending = this.send(delivery)
      .catch((error: unknown) => {
        log().warn({ err: error, deliveryId: delivery.deliveryId }, 'A webhook will be sent again');
      })
      .finally(() => this.sending.delete(sending));
    this.sending.set(sending, delivery.endpointId);
  }

  private async send(delivery: ClaimedDelivery): Promise<void> {
    const { eventId, body, url, endpointId } = delivery;
    const headers = signatureHeaders(this.pepper.text, delivery, { eventId, body, at: this.clock.now() });
    const reception = await this.client.post(url, headers, body);
    const at = this.clock.now();
    const failure = failureOf(reception);
    attempted.inc({ outcome: failure ?? 'delivered' });
    const pause = failure === null ? undefined : pauseAfterMs(delivery.attempts, Math.random());
    const { responseStatus } = reception;
    const nextAttemptAt = pause === undefined ? null : later(at, pause);
    await this.due.end(delivery, { at, responseStatus, failure, nextAttemptAt });
    if (failure === null) await this.due.works(endpointId);
    else await this.failed(endpointId, at, responseStatus);
  }

  /** Who says that it is gone, or takes nothing for days, is left alone. */
  private async failed(endpointId: string, at: string, responseStatus: number | null): Promise<void> {
    const since = await this.due.fails(endpointId, at);
    const reason = responseStatus === goneStatus ? 'gone' : 'failing';
    if (reason === 'failing' && Date.parse(at) - Date.parse(since) < failingMsMax) return;
    await this.due.disable(endpointId, reason);
    disabled.inc({ reason });
    log().warn({ endpointId, reason, since }, 'A webhook endpoint was disabled');
  }
}

function failureOf(reception: Reception): string | null {
  if (reception.responseStatus === null) return reception.failure;
  return reception.responseStatus >= 200 && reception.responseStatus < 300 ? null : 'answered';
}
