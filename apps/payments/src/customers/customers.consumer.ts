import { type CustomerChanged, type EventOf, topics } from '@app/contracts';
import { ConsumesBatch, type EventBatch } from '@app/kafka';
import { Inbox } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { Customers } from './customer.store.ts';

/** Reads which customers there are. */
@Controller()
export class CustomersConsumer {
  constructor(
    private readonly inbox: Inbox,
    private readonly customers: Customers,
  ) {}

  @ConsumesBatch(topics.customers)
  async apply(batch: EventBatch): Promise<void> {
    await this.inbox.apply<EventOf<typeof CustomerChanged>>(batch, (tx, events) =>
      this.customers.keep(tx, events),
    );
  }
}
