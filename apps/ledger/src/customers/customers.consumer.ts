import { topics, type CustomerChanged, type EventOf } from '@app/contracts';
import { ConsumesBatch, type EventBatch } from '@app/kafka';
import { Units18 } from '@app/money';
import { Inbox, Unprocessable } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { bookOf, commandOf } from '../journal/command-of-event.ts';
import { Journal, type Outcome, type PostRequest } from '../journal/journal.ts';
import { refusalText } from '../journal/refusal-text.ts';

type CustomerEvent = EventOf<typeof CustomerChanged>;

/**
 * Opens the book of a new customer and pins its plan. Most changes of a customer leave the plan as it is and so leave no entry;
 * the inbox remembers them, for an old one that came again must not bring an old plan back.
 */
@Controller()
export class CustomersConsumer {
  constructor(
    private readonly journal: Journal,
    private readonly inbox: Inbox,
  ) {}

  @ConsumesBatch(topics.customers)
  async apply(batch: EventBatch): Promise<void> {
    await this.inbox.applyNewest<CustomerEvent>(batch, async (_tx, fresh) => {
      const outcomes = await this.journal.post(fresh.map(requestOfCustomer));
      outcomes.forEach(raiseUnlessDone);
    });
  }
}

function requestOfCustomer(event: CustomerEvent): PostRequest {
  const { customerId, plan, currency, changedAt } = event.data;
  return {
    bookId: bookOf(customerId),
    command: {
      ...commandOf(event, { occurredAt: changedAt, currency }),
      type: 'set-plan',
      plan: {
        code: plan.code,
        credits: Units18.fromText(plan.credits),
        amount: Units18.fromText(plan.amount),
      },
    },
  };
}

function raiseUnlessDone(outcome: Outcome): void {
  if (outcome.kind === 'refused') throw new Unprocessable(outcome.refusal.code, refusalText(outcome.refusal));
  if (outcome.kind === 'conflict' || outcome.kind === 'failed')
    throw new Unprocessable(outcome.kind, outcome.reason);
}
