import { topics } from '@app/contracts';
import { ConsumesBatch, type EventBatch } from '@app/kafka';
import { Inbox } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { AnswerRefundsHandler } from './answer-refunds.handler.ts';
import type { RefundEvent } from './refund-request.ts';

/** Refunds asked for, and what became of their items. */
@Controller()
export class RefundsConsumer {
  constructor(
    private readonly answerRefunds: AnswerRefundsHandler,
    private readonly inbox: Inbox,
  ) {}

  @ConsumesBatch(topics.refunds)
  apply(batch: EventBatch): Promise<void> {
    return this.inbox.apply<RefundEvent>(batch, (tx, fresh) => this.answerRefunds.handle(tx, fresh));
  }
}
