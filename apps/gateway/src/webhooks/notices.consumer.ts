import { type EntryRecorded, type EventOf, topics } from '@app/contracts';
import { ConsumesBatch, gatherCallsMs, type EventBatch } from '@app/kafka';
import { Inbox } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { Clock } from '../clock.ts';
import { balanceNotices } from './balance-notices.ts';
import { DeliveriesStore } from './deliveries.store.ts';
import { type RefundNews, refundNotices } from './refund-notices.ts';

/** Hears what happens to customers' money. An event goes to an endpoint once, so repeated news needs no ids of its own. */
@Controller()
export class NoticesConsumer {
  constructor(
    private readonly inbox: Inbox,
    private readonly deliveries: DeliveriesStore,
    private readonly clock: Clock,
  ) {}

  @ConsumesBatch(topics.journal, { gatherMs: gatherCallsMs })
  async entries(batch: EventBatch): Promise<void> {
    await this.inbox.follow<EventOf<typeof EntryRecorded>>(batch, async (tx, events) => {
      const watched = await this.deliveries.watched(tx, [...new Set(events.map(({ subject }) => subject))]);
      const notices = events.flatMap(({ subject, data }) => {
        const alerts = watched.get(subject);
        return alerts === undefined ? [] : balanceNotices(data, alerts);
      });
      await this.deliveries.record(tx, notices, this.clock.now());
    });
  }

  @ConsumesBatch(topics.ledgerRefunds)
  async refunds(batch: EventBatch): Promise<void> {
    await this.inbox.follow<RefundNews>(batch, (tx, events) =>
      this.deliveries.record(tx, events.flatMap(refundNotices), this.clock.now()),
    );
  }
}
