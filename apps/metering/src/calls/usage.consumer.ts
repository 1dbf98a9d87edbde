import { type EventOf, topics, type UsageRecorded } from '@app/contracts';
import { ConsumesBatch, gatherCallsMs, type EventBatch } from '@app/kafka';
import { Inbox } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { RateUsageHandler } from './rate-usage.handler.ts';

/** Reads back what was recorded, and has it rated. */
@Controller()
export class UsageConsumer {
  constructor(
    private readonly inbox: Inbox,
    private readonly rateUsage: RateUsageHandler,
  ) {}

  @ConsumesBatch(topics.usage, { gatherMs: gatherCallsMs })
  async rate(batch: EventBatch): Promise<void> {
    await this.inbox.apply<EventOf<typeof UsageRecorded>>(batch, (tx, events) =>
      this.rateUsage.handle(tx, events),
    );
  }
}
