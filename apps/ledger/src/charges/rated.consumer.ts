import { topics } from '@app/contracts';
import { ConsumesBatch, gatherCallsMs, type EventBatch } from '@app/kafka';
import { Controller } from '@nestjs/common';
import { PostEventsHandler } from '../journal/post-events.handler.ts';
import { Waits } from '../waits.ts';
import { requestOfRated, type RatedEvent } from './rated-request.ts';

/** Several batches of the journal, so that one is decided while another is written, also where all are of one customer. */
const chargesAtOnce = 3_000;

/** What calls cost: settles holds, charges, releases. */
@Controller()
export class RatedConsumer {
  constructor(
    private readonly postEvents: PostEventsHandler,
    private readonly waits: Waits,
  ) {}

  @ConsumesBatch(topics.rated, { eventsMax: chargesAtOnce, gatherMs: gatherCallsMs })
  apply(batch: EventBatch): Promise<void> {
    return this.postEvents.handle<RatedEvent>(batch, (event) =>
      requestOfRated(event, this.waits.chargeSeconds),
    );
  }
}
