import type { Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.ts';
import { ChangeRefundHandler } from './change-refund.handler.ts';
import { Refunds } from './refund.store.ts';

/** Ends an item that nobody will pay, such as one of a payment that the bank took back: the wallet has its amount again. */
@Injectable()
export class GiveBackItemHandler {
  constructor(
    private readonly refunds: Refunds,
    private readonly changes: ChangeRefundHandler,
    private readonly clock: Clock,
  ) {}

  /** Throws a Problem where the item may have been paid, or may yet be: only one that was never sent and that no machine sends is certain. */
  async giveBack(tx: Tx, itemId: string): Promise<void> {
    const found = await this.refunds.refundOfItem({ itemId }, tx);
    if (!found)
      throw new Problem({ code: 'unknown-refund', field: 'itemId', detail: `There is no item ${itemId}.` });
    const { refundId } = found;
    await this.refunds.lock(tx, refundId);
    if (!(await this.refunds.isLeftToPeople(tx, itemId))) throw notLeft(itemId);
    const failedAt = this.clock.now().toISOString();
    await this.changes.apply(tx, refundId, {
      type: 'RecordItemOutcome',
      itemId,
      outcome: { kind: 'failed', code: 'given-back-by-people', failedAt },
    });
  }
}

const notLeft = (itemId: string): Problem =>
  new Problem({
    code: 'wrong-status',
    field: 'itemId',
    detail: `${itemId} was sent or will be, its payout is planned, or it has ended: giving it back could pay it twice.`,
    remedy: 'Look at the refund. What its provider may still pay ends by the provider or by pay-out-item.',
  });
