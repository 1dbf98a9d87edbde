import { log, metrics } from '@app/observability';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../clock.ts';
import { DueWorkLoop } from '../due-work.ts';
import { LookRhythm } from '../top-ups/top-ups.job.ts';
import { PayItemHandler } from './pay-item.handler.ts';
import { Refunds } from './refund.store.ts';

/** A taken item is taken again after this long, should its process die. */
const takenMs = 30_000;
const atOnce = 50;

const queueAge = metrics.gauge({
  name: 'payments_refund_queue_oldest_seconds',
  help: 'Age of the oldest refund that has not ended: nobody has paid it, or the ledger has not answered.',
});
const waiting = metrics.gauge({
  name: 'payments_refund_items_waiting_for_people',
  help: 'Refund items that no machine will end: abnormal, or past what their channel allows.',
});

const abnormalItems = metrics.gauge({
  name: 'payments_refund_items_abnormal',
  help: 'Refund items that the provider could not pay, such as to a closed account; people pay them by bank.',
});

/** Sends refund items when they may be sent, and asks about those that nobody has told us of. */
@Injectable()
export class RefundItemsJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly loop: DueWorkLoop;

  constructor(refunds: Refunds, pay: PayItemHandler, clock: Clock, rhythm: LookRhythm) {
    const take = async () => {
      const now = clock.now();
      const { oldestSeconds, waitingForPeople, abnormal } = await refunds.queue(now);
      queueAge.set(oldestSeconds);
      waiting.set(waitingForPeople);
      abnormalItems.set(abnormal);
      return refunds.takeDue({ now, again: new Date(now.getTime() + takenMs), limit: atOnce });
    };
    const work = {
      name: 'refund-items',
      take,
      do: (itemId: string) => pay.handle(itemId),
      onError: (error: unknown, itemId?: string) => {
        log().error({ err: error, itemId }, 'A refund item could not be looked at');
      },
    };
    this.loop = new DueWorkLoop(work, rhythm.intervalMs);
  }

  /** Looks at once: something has just become due. */
  wake(): void {
    this.loop.wake();
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }
}
