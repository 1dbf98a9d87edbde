import { topics } from '@app/contracts';
import { ConsumesBatch, type EventBatch } from '@app/kafka';
import { Controller } from '@nestjs/common';
import { PostEventsHandler } from '../journal/post-events.handler.ts';
import { Waits } from '../waits.ts';
import { requestOfRated, type RatedEvent } from './rated-request.ts';

/** What calls cost: settles holds, charges, releases. */
@Controller()
export class RatedConsumer {
  constructor(
    private readonly postEvents: PostEventsHandler,
    private readonly waits: Waits,
  ) {}

  @ConsumesBatch(topics.rated)
  apply(batch: EventBatch): Promise<void> {
    return this.postEvents.handle<RatedEvent>(batch, (event) =>
      requestOfRated(event, this.waits.chargeSeconds),
    );
  }
}
