import type { EventOf, RefundRequested } from '@app/contracts';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** A close-out that waits, by its name, and whether it has waited as long as it may. */
export interface DrainingRefund {
  readonly customerId: string;
  readonly refundId: string;
  readonly isOverdue: boolean;
}

/** Close-outs that wait until every hold of their customer has ended. */
@Injectable()
export class DrainingRefundStore {
  constructor(private readonly database: Database) {}

  /** Keeps one; one that is kept already keeps its place. */
  async add(tx: Tx, event: EventOf<typeof RefundRequested>): Promise<void> {
    await tx.query(
      'INSERT INTO draining_refund (book_id, refund_id, event) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [event.data.customerId, event.data.refundId, JSON.stringify(event)],
    );
  }

  /** Those whose holds have all ended, or that have waited so long; the earliest first. */
  due(drainSeconds: number, limit: number): Promise<DrainingRefund[]> {
    return this.database.query<DrainingRefund>(
      `SELECT "customerId", "refundId", "isOverdue" FROM (
         SELECT book_id AS "customerId", refund_id AS "refundId", asked_at,
                asked_at < clock_timestamp() - make_interval(secs => $1) AS "isOverdue" FROM draining_refund) d
        WHERE "isOverdue" OR NOT EXISTS (SELECT FROM hold h WHERE h.book_id = "customerId")
        ORDER BY asked_at LIMIT $2`,
      [drainSeconds, limit],
    );
  }

  /** Takes one out, for this transaction to answer; undefined where another process has it or has answered it. */
  async take(
    tx: Tx,
    { customerId, refundId }: DrainingRefund,
  ): Promise<EventOf<typeof RefundRequested> | undefined> {
    const [row] = await tx.query<{ event: string }>(
      `DELETE FROM draining_refund WHERE (book_id, refund_id) IN (
         SELECT book_id, refund_id FROM draining_refund WHERE book_id = $1 AND refund_id = $2
            FOR UPDATE SKIP LOCKED)
       RETURNING event`,
      [customerId, refundId],
    );
    return row && (JSON.parse(row.event) as EventOf<typeof RefundRequested>);
  }
}
