import type { CustomerChanged, EventOf } from '@app/contracts';
import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** What the gateway tells of customers, as far as money that comes in by itself must know it. */
@Injectable()
export class Customers {
  /** Keeps the newest state of each; an older one that comes later changes nothing. */
  async keep(tx: Tx, events: readonly EventOf<typeof CustomerChanged>[]): Promise<void> {
    const newest = new Map(events.map(({ data }) => [data.customerId, data]));
    await tx.query(
      `INSERT INTO customer (customer_id, status, currency, changed_at)
       SELECT "customerId", status, currency, "changedAt"
         FROM json_to_recordset($1) AS row ("customerId" text, status text, currency text, "changedAt" timestamptz)
       ON CONFLICT (customer_id) DO UPDATE SET status = excluded.status, changed_at = excluded.changed_at
        WHERE customer.changed_at < excluded.changed_at`,
      [JSON.stringify([...newest.values()])],
    );
  }

  /** What the gateway says of a customer; undefined where it has said nothing yet. */
  async statusOf(tx: Tx, customerId: string): Promise<string | undefined> {
    const [row] = await tx.query<{ status: string }>('SELECT status FROM customer WHERE customer_id = $1', [
      customerId,
    ]);
    return row?.status;
  }

  /** Those of the customers that exist, with their currency; others are not in the answer. */
  async currencies(tx: Tx, customerIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await tx.query<{ customer_id: string; currency: string }>(
      `SELECT customer_id, currency FROM customer WHERE customer_id = ANY($1) AND status <> 'closed'`,
      [customerIds],
    );
    return new Map(rows.map((row) => [row.customer_id, row.currency]));
  }
}
