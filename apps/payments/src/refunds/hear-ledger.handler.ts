import type { EventOf, RefundClosed, RefundRefused, RefundReserved } from '@app/contracts';
import { Money } from '@app/money';
import { type Tx, Unprocessable } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { ChangeRefundHandler, type RefundNews } from './change-refund.handler.ts';
import { RefundItemsJob } from './refund-items.job.ts';
import { Refunds } from './refund.store.ts';

type Reserved = EventOf<typeof RefundReserved>;
type LedgerEvent = Reserved | EventOf<typeof RefundRefused> | EventOf<typeof RefundClosed>;

/** What the ledger says of refunds: set aside (with the payments it goes back to), refused, closed. */
@Injectable()
export class HearLedgerHandler {
  constructor(
    private readonly refunds: Refunds,
    private readonly change: ChangeRefundHandler,
    private readonly job: RefundItemsJob,
  ) {}

  async hear(tx: Tx, events: readonly LedgerEvent[]): Promise<void> {
    for (const event of events) await this.one(tx, event);
    tx.afterCommit(() => {
      this.job.wake();
    });
  }

  private async one(tx: Tx, event: LedgerEvent): Promise<void> {
    switch (event.type) {
      case 'RefundReserved':
        return this.tell(tx, event.data.refundId, reserved(event));
      case 'RefundRefused': {
        const { refundId, code, refundable } = event.data;
        const news = {
          type: 'RecordRefused',
          code,
          refundable: Money.of(refundable.amount, refundable.currency),
        } as const;
        return this.tell(tx, refundId, news);
      }
      case 'RefundClosed':
        return this.close(tx, event);
    }
  }

  private async close(tx: Tx, { data }: EventOf<typeof RefundClosed>): Promise<void> {
    const { refundId, paid, givenBack, closedAt } = data;
    const known = await this.refunds.close(tx, {
      refundId,
      paid: Money.of(paid.amount, paid.currency),
      givenBack: Money.of(givenBack.amount, givenBack.currency),
      closedAt,
    });
    if (!known) throw new Unprocessable('unknown-refund', `There is no refund ${refundId}.`);
  }

  /** The ledger's word that does not fit our books is kept for a person, never dropped. */
  private async tell(tx: Tx, refundId: string, news: RefundNews): Promise<void> {
    const change = await this.change.apply(tx, refundId, news);
    if (change.kind === 'unknown-refund')
      throw new Unprocessable('unknown-refund', `There is no refund ${refundId}.`);
    if (change.kind === 'refused')
      throw new Unprocessable(change.refusal.code, `${news.type} does not fit ${refundId}.`);
  }
}

function reserved({ data }: Reserved): RefundNews {
  const items = data.items.map(({ itemId, topUpId, channel, amount }) => ({
    itemId,
    topUpId,
    channel,
    amount: Money.of(amount.amount, amount.currency),
  }));
  return { type: 'RecordReserved', items };
}
