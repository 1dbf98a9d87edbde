import { type CustomerChanged, type EventOf, topics } from '@app/contracts';
import { ConsumesBatch, type EventBatch } from '@app/kafka';
import { Inbox } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { CustomerStore } from './customer.store.ts';

/** Keeps customers as the gateway announces them. */
@Controller()
export class CustomersConsumer {
  constructor(
    private readonly inbox: Inbox,
    private readonly customers: CustomerStore,
  ) {}

  @ConsumesBatch(topics.customers)
  async keep(batch: EventBatch): Promise<void> {
    await this.inbox.apply<EventOf<typeof CustomerChanged>>(batch, (tx, events) =>
      this.customers.keep(
        tx,
        events.map(({ data }) => data),
      ),
    );
  }
}
