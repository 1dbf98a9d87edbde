import { type EventOf, type PriceVersionPublished, topics } from '@app/contracts';
import { ConsumesBatch, type EventBatch } from '@app/kafka';
import { Inbox } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { PricesProjection } from './prices.projection.ts';

/** Hears what metering publishes. */
@Controller()
export class PricesConsumer {
  constructor(
    private readonly inbox: Inbox,
    private readonly prices: PricesProjection,
  ) {}

  @ConsumesBatch(topics.prices)
  async published(batch: EventBatch): Promise<void> {
    await this.inbox.apply<EventOf<typeof PriceVersionPublished>>(batch, (tx, events) =>
      this.prices.record(tx, events),
    );
  }
}
