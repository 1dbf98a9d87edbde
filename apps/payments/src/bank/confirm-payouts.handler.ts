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
  readonly lineId: string;
  readonly reference: string;
  readonly paidAt: string;
}

/** A line whose money left though nothing here waited for it: a person must look. */
export interface DoubtedLine {
  readonly lineId: string;
  /** By the core's word, such as `paid-twice`. */
  readonly reason: string;
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

  /** Gives the lines of payouts that left for a refund that was over, such as one that its provider had paid. */
  async confirm(tx: Tx, confirmed: readonly ConfirmedPayout[]): Promise<readonly DoubtedLine[]> {
    const doubted: DoubtedLine[] = [];
    for (const one of confirmed) {
      await this.payouts.paid(tx, one.payout.number, one);
      if (one.payout.kind === 'suspense') {
        await this.suspenseLeft(tx, one);
        continue;
      }
      const reason = await this.itemPaid(tx, one);
      if (reason !== undefined) doubted.push({ lineId: one.lineId, reason });
    }
    return doubted;
  }

  private async itemPaid(
    tx: Tx,
    { payout, reference, paidAt }: ConfirmedPayout,
  ): Promise<string | undefined> {
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
    if (change.kind === 'changed') return undefined;
    log().error({ itemId, change }, 'A payout left for an item that was not waiting for it');
    return change.kind === 'refused' ? change.refusal.code : change.kind;
  }

  private async suspenseLeft(tx: Tx, { payout, paidAt: occurredAt }: ConfirmedPayout): Promise<void> {
    const { subjectId: suspenseId, number, bank: channel } = payout;
    const amount = Money.of(payout.amount, payout.currency);
    await this.suspenses.endReturn(tx, suspenseId, { arrived: true, amount });
    const news = suspenseReturned({ suspenseId, number, channel, amount, occurredAt });
    await this.outbox.add(tx, topics.topUps.name, [news]);
  }
}
