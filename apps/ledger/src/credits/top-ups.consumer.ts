import { topics } from '@app/contracts';
import { ConsumesBatch, type EventBatch } from '@app/kafka';
import { Controller } from '@nestjs/common';
import { PostEventsHandler } from '../journal/post-events.handler.ts';
import { requestOfTopUp, type TopUpEvent } from './top-up-request.ts';

/** Money that came in, and what channels and banks did with ours. */
@Controller()
export class TopUpsConsumer {
  constructor(private readonly postEvents: PostEventsHandler) {}

  @ConsumesBatch(topics.topUps)
  apply(batch: EventBatch): Promise<void> {
    return this.postEvents.handle<TopUpEvent>(batch, requestOfTopUp);
  }
}
