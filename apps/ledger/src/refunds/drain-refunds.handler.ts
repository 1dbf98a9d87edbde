import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { Waits } from '../waits.ts';
import { AnswerRefundsHandler } from './answer-refunds.handler.ts';
import { DrainingRefundStore } from './draining-refund.store.ts';

const atOnceMax = 100;

/** Asks again for close-outs whose customers have no open hold any more; refuses those that have waited long enough. */
@Injectable()
export class DrainRefundsHandler {
  constructor(
    private readonly database: Database,
    private readonly draining: DrainingRefundStore,
    private readonly answers: AnswerRefundsHandler,
    private readonly waits: Waits,
  ) {}

  async handle(): Promise<void> {
    for (const refund of await this.draining.due(this.waits.refundDrainSeconds, atOnceMax)) {
      await this.database.transaction(async (tx) => {
        const event = await this.draining.take(tx, refund);
        if (event !== undefined) await this.answers.handle(tx, [event], { mayDrain: !refund.isOverdue });
      });
    }
  }
}
