import { topics, type EventOf, type TopUpSettled } from '@app/contracts';
import { ConsumesBatch, type EventBatch } from '@app/kafka';
import { Units18 } from '@app/money';
import { Controller } from '@nestjs/common';
import { bookOf, commandOf } from '../journal/command-of-event.ts';
import type { PostRequest } from '../journal/journal.ts';
import { PostEventsHandler } from '../journal/post-events.handler.ts';

/** Money that came in: credits wallets. */
@Controller()
export class TopUpsConsumer {
  constructor(private readonly postEvents: PostEventsHandler) {}

  @ConsumesBatch(topics.topUps)
  apply(batch: EventBatch): Promise<void> {
    return this.postEvents.handle(batch, requestOfTopUp);
  }
}

function requestOfTopUp(event: EventOf<typeof TopUpSettled>): PostRequest {
  const { topUpId, customerId, channel, paid, providerReference, paidAt } = event.data;
  return {
    bookId: bookOf(customerId),
    command: {
      ...commandOf(event, { occurredAt: paidAt, currency: paid.currency }),
      type: 'credit-top-up',
      topUpId,
      channel,
      amount: Units18.fromText(paid.amount),
      providerReference,
    },
  };
}
