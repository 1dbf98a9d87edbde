import type { EventOf, RefundRequested } from '@app/contracts';
import { Outbox, Unprocessable, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { BalanceStore } from '../balances/balance.store.ts';
import { Journal, type Outcome } from '../journal/journal.ts';
import { refusalText } from '../journal/refusal-text.ts';
import { DrainingRefundStore } from './draining-refund.store.ts';
import { refusedRefund } from './refund-announcement.ts';
import { requestOfRefund, type RefundEvent } from './refund-request.ts';

/**
 * Reserves, settles and gives back refunds. An accepted request is announced in the transaction of its entry; a refused one leaves
 * no entry, so its answer is committed together with the memory that it was answered.
 */
@Injectable()
export class AnswerRefundsHandler {
  constructor(
    private readonly journal: Journal,
    private readonly balances: BalanceStore,
    private readonly draining: DrainingRefundStore,
    private readonly outbox: Outbox,
  ) {}

  /** A close-out that meets open holds waits for them to end, as long as it may. */
  async handle(tx: Tx, events: readonly RefundEvent[], { mayDrain } = { mayDrain: true }): Promise<void> {
    const outcomes = await this.journal.post(events.map(requestOfRefund));
    for (const [index, event] of events.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) continue;
      if (mayDrain && event.type === 'RefundRequested' && meetsHolds(outcome))
        await this.draining.add(tx, event);
      else await this.answer(tx, event, outcome);
    }
  }

  private async answer(tx: Tx, event: RefundEvent, outcome: Outcome): Promise<void> {
    if (outcome.kind === 'conflict' || outcome.kind === 'failed') {
      throw new Unprocessable(outcome.kind, outcome.reason);
    }
    if (outcome.kind !== 'refused') return;
    const { refusal } = outcome;
    if (event.type !== 'RefundRequested') throw new Unprocessable(refusal.code, refusalText(refusal));
    const known = await this.refundableOf(event);
    await this.outbox.add(tx, 'ledger.refunds.v1', [refusedRefund(event, refusal, known)]);
  }

  private async refundableOf({ data }: EventOf<typeof RefundRequested>) {
    const [balance] = await this.balances.now([data.customerId]);
    if (balance) return balance;
    if (data.request.kind === 'amount') return { refundable: '0', currency: data.request.amount.currency };
    throw new Unprocessable(
      'unknown-account',
      `${data.customerId} has no book and the request names no currency`,
    );
  }
}

const meetsHolds = (outcome: Outcome): boolean =>
  outcome.kind === 'refused' && outcome.refusal.code === 'holds-open';
