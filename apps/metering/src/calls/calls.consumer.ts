import { topics } from '@app/contracts';
import { ConsumesBatch, gatherCallsMs, type EventBatch } from '@app/kafka';
import { Inbox } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { type CallEvent, FinishCallsHandler } from './finish-calls.handler.ts';

/** Follows the calls that the gateway relays. */
@Controller()
export class CallsConsumer {
  constructor(
    private readonly inbox: Inbox,
    private readonly finishCalls: FinishCallsHandler,
  ) {}

  @ConsumesBatch(topics.calls, { gatherMs: gatherCallsMs })
  async follow(batch: EventBatch): Promise<void> {
    await this.inbox.apply<CallEvent>(batch, (tx, events) =>
      this.finishCalls.handle(tx, events, batch.partition),
    );
  }
}
