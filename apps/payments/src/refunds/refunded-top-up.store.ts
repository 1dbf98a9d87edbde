import type { RefundItem } from '@app/funding';
import { Money } from '@app/money';
import { Database, type Tx, Unprocessable } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { RefundedOrder } from './refund-wait.ts';

/** What refunding an order needs to know of it. */
export interface RefundedTopUp extends RefundedOrder {
  readonly paid: Money;
}

interface Row {
  readonly amount: string;
  readonly currency: string;
  readonly paid_at: string;
  readonly last_refund_at: string | null;
}

interface PlannedRow {
  readonly top_up_id: string;
  readonly channel: string;
  readonly paid_at: string;
  readonly last_refund_at: string | null;
  readonly sent: number;
}

/** The sums of refunds that each order carries: the last wall against paying back more than was paid. */
@Injectable()
export class RefundedTopUps {
  constructor(private readonly database: Database) {}

  /** A customer's paid orders by id: their channel, and what decides when a part of them may go back. */
  async several(
    customerId: string,
    topUpIds: readonly string[],
  ): Promise<readonly (RefundedOrder & { readonly topUpId: string; readonly channel: string })[]> {
    const rows = await this.database.query<PlannedRow>(
      `SELECT top_up_id, channel, paid_at, last_refund_at, (
                SELECT count(*)::int FROM refund_item AS item
                 WHERE item.top_up_id = top_up.top_up_id AND sent_at IS NOT NULL) AS sent
         FROM top_up WHERE top_up_id = ANY($2) AND customer_id = $1 AND status = 'succeeded'`,
      [customerId, topUpIds],
    );
    return rows.map((row) => ({
      topUpId: row.top_up_id,
      channel: row.channel,
      paidAt: new Date(row.paid_at),
      refundCount: row.sent,
      lastRefundAt: row.last_refund_at === null ? undefined : new Date(row.last_refund_at),
    }));
  }

  /**
   * Sets an item aside on its order. An item that does not fit the order is a bug of the ledger or of ours: parked. Money that
   * the ledger has from elsewhere (a balance that was taken over, suspense assigned by hand) has no order; people pay it back.
   */
  async reserve(tx: Tx, customerId: string, { itemId, topUpId, channel, amount }: RefundItem): Promise<void> {
    const rows = await tx.query(
      `UPDATE top_up SET refunding = refunding + $2
        WHERE top_up_id = $1 AND customer_id = $3 AND channel = $4 AND currency = $5 AND status = 'succeeded'
          AND refunding + refunded + $2 <= COALESCE(credited, amount)
       RETURNING top_up_id`,
      [topUpId, amount.toText(), customerId, channel, amount.currency],
    );
    if (rows.length > 0) return;
    const [order] = await tx.query('SELECT 1 FROM top_up WHERE top_up_id = $1', [topUpId]);
    if (order === undefined) return;
    throw new Unprocessable(
      'item-does-not-fit',
      `${itemId} of ${amount.toString()} does not fit the top-up ${topUpId}.`,
    );
  }

  async paid(tx: Tx, { topUpId, amount }: RefundItem): Promise<void> {
    await tx.query(
      'UPDATE top_up SET refunding = refunding - $2, refunded = refunded + $2 WHERE top_up_id = $1',
      [topUpId, amount.toText()],
    );
  }

  async failed(tx: Tx, { topUpId, amount }: RefundItem): Promise<void> {
    await tx.query('UPDATE top_up SET refunding = refunding - $2 WHERE top_up_id = $1', [
      topUpId,
      amount.toText(),
    ]);
  }

  /** The order, locked: two items of one order are never sent at the same time. Undefined where it is none of ours. */
  async lock(tx: Tx, topUpId: string): Promise<RefundedTopUp | undefined> {
    const [row] = await tx.query<Row>(
      `SELECT trim_scale(COALESCE(credited, amount)) AS amount, currency, paid_at, last_refund_at
         FROM top_up WHERE top_up_id = $1 FOR UPDATE`,
      [topUpId],
    );
    // Asked after the lock: what another process sent before it is seen.
    const [sent] = await tx.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM refund_item WHERE top_up_id = $1 AND sent_at IS NOT NULL',
      [topUpId],
    );
    return (
      row && {
        paid: Money.of(row.amount, row.currency),
        paidAt: new Date(row.paid_at),
        refundCount: sent?.count ?? 0,
        lastRefundAt: row.last_refund_at === null ? undefined : new Date(row.last_refund_at),
      }
    );
  }

  /** Notes that an item is sent now. However often it is, it counts once. */
  async noteSent(tx: Tx, { topUpId, itemId }: RefundItem, at: Date): Promise<void> {
    await tx.query('UPDATE top_up SET last_refund_at = $2 WHERE top_up_id = $1', [topUpId, at]);
    await tx.query('UPDATE refund_item SET sent_at = COALESCE(sent_at, $2) WHERE item_id = $1', [itemId, at]);
  }
}
