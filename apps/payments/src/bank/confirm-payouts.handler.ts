import { topics } from '@app/contracts';
import { log } from '@app/observability';
import { Money } from '@app/money';
import { Outbox, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { ChangeRefundHandler } from '../refunds/change-refund.handler.ts';
import { Refunds } from '../refunds/refund.store.ts';
import { suspenseReturned } from './money-news.ts';
import { type Payout, Payouts } from './payout.store.ts';
import { Suspenses } from './suspense.store.ts';

/** A booked debit that carries a payout's number and amount. */
export interface ConfirmedPayout {
  readonly payout: Payout;
  readonly reference: string;
  readonly paidAt: string;
}

/** Only the statement's debit line says that a payout left. Then the refund's item is paid, or the suspense is returned. */
@Injectable()
export class ConfirmPayoutsHandler {
  constructor(
    private readonly payouts: Payouts,
    private readonly refunds: Refunds,
    private readonly changes: ChangeRefundHandler,
    private readonly suspenses: Suspenses,
    private readonly outbox: Outbox,
  ) {}

  async confirm(tx: Tx, confirmed: readonly ConfirmedPayout[]): Promise<void> {
    for (const one of confirmed) {
      await this.payouts.paid(tx, one.payout.number, one);
      if (one.payout.kind === 'refund-item') await this.itemPaid(tx, one);
      else await this.suspenseLeft(tx, one);
    }
  }

  private async itemPaid(tx: Tx, { payout, reference, paidAt }: ConfirmedPayout): Promise<void> {
    const itemId = payout.subjectId;
    const found = await this.refunds.refundOfItem({ itemId }, tx);
    if (!found) throw new Error(`The item ${itemId} of a payout vanished.`);
    const amount = Money.of(payout.amount, payout.currency);
    const outcome = {
      kind: 'paid',
      providerReference: reference,
      amount,
      paidAt,
      paidFrom: payout.bank,
    } as const;
    const change = await this.changes.apply(tx, found.refundId, {
      type: 'RecordItemOutcome',
      itemId,
      outcome,
    });
    if (change.kind !== 'changed')
      log().error({ itemId, change }, 'A payout left for an item that was not waiting for it');
  }

  private async suspenseLeft(tx: Tx, { payout, paidAt: occurredAt }: ConfirmedPayout): Promise<void> {
    const { subjectId: suspenseId, number, bank: channel } = payout;
    const amount = Money.of(payout.amount, payout.currency);
    await this.suspenses.endReturn(tx, suspenseId, { arrived: true, amount });
    const news = suspenseReturned({ suspenseId, number, channel, amount, occurredAt });
    await this.outbox.add(tx, topics.topUps.name, [news]);
  }
}
