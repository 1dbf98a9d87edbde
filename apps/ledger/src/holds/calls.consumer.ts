import { topics, type CallFinished, type CallStarted, type EventOf } from '@app/contracts';
import { ConsumesBatch, gatherCallsMs, type EventBatch } from '@app/kafka';
import { Inbox } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { HoldStore } from './hold.store.ts';

type CallEvent = EventOf<typeof CallStarted> | EventOf<typeof CallFinished>;

/** Of calls, the ledger reads only that one finished: its hold is then metering's and does not expire. */
@Controller()
export class CallsConsumer {
  constructor(
    private readonly holds: HoldStore,
    private readonly inbox: Inbox,
  ) {}

  @ConsumesBatch(topics.calls, { gatherMs: gatherCallsMs })
  async apply(batch: EventBatch): Promise<void> {
    await this.inbox.follow<CallEvent>(batch, async (tx, events) => {
      const finished = events.filter((event) => event.type === 'CallFinished');
      await this.holds.handOver(
        tx,
        finished.map(({ data: { customerId, holdId } }) => ({ customerId, holdId })),
      );
    });
  }
}
