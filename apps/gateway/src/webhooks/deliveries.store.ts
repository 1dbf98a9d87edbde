import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { BalanceAlert } from './balance-notices.ts';
import { bodyOf, type Notice } from './notice.ts';

/** An event on its way to an endpoint, or what became of it. */
export interface Delivery {
  readonly deliveryId: string;
  readonly eventId: string;
  readonly type: string;
  readonly status: 'pending' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly lastAttemptAt: string | null;
  readonly responseStatus: number | null;
  readonly failure: string | null;
  readonly body: string;
  readonly createdAt: string;
}

/** Whose deliveries. */
export interface DeliveryOwner {
  readonly customerId: string;
  readonly endpointId: string;
}

/** Where in the log to read. */
export interface LogPage {
  readonly limit: number;
  /** The last delivery of the page before; empty at the beginning. */
  readonly after: string;
}

const columns = `delivery_id AS "deliveryId", event_id AS "eventId", type, status, attempts,
                 next_attempt_at AS "nextAttemptAt", last_attempt_at AS "lastAttemptAt",
                 response_status AS "responseStatus", failure, body, created_at AS "createdAt"`;

/** What is older is news to nobody; a row is kept for longer, so nothing is told twice after its row was removed. */
const newsAge = `interval '3 days'`;

/** The rows of deliveries: what is to be told, and the log of what was. */
@Injectable()
export class DeliveriesStore {
  constructor(private readonly database: Database) {}

  /** Which of these customers are to be told of anything, and under which balances. */
  async watched(
    tx: Tx,
    customerIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly BalanceAlert[]>> {
    const rows = await tx.query<{ readonly customerId: string; readonly alerts: BalanceAlert[] }>(
      `SELECT customer_id AS "customerId",
              coalesce(json_agg(json_build_object('threshold', trim_scale(threshold)::text, 'since', since))
                         FILTER (WHERE threshold IS NOT NULL), '[]') AS alerts
         FROM (SELECT DISTINCT customer_id FROM webhook_endpoint
                WHERE status = 'enabled' AND customer_id = ANY ($1::text[])) AS watching
         LEFT JOIN balance_alert USING (customer_id) GROUP BY customer_id`,
      [customerIds],
    );
    return new Map(rows.map(({ customerId, alerts }) => [customerId, alerts]));
  }

  /** Records what customers are to be told, at every endpoint that was there and asked for it. What is known already stays. */
  async record(tx: Tx, notices: readonly Notice[], now: string): Promise<void> {
    if (notices.length === 0) return;
    await tx.query(
      `INSERT INTO webhook_delivery (delivery_id, endpoint_id, customer_id, event_id, type, body, status, next_attempt_at, created_at)
       SELECT 'dlv_' || md5(endpoint_id || event_id), endpoint_id, customer_id, event_id, type, body, 'pending', $6, $6
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS row (event_id, customer_id, type, body, at)
         JOIN webhook_endpoint USING (customer_id)
        WHERE status = 'enabled' AND type = ANY (events) AND created_at <= at AND at > $6::timestamptz - ${newsAge}
        ORDER BY endpoint_id, event_id
       ON CONFLICT DO NOTHING`,
      [
        notices.map(({ eventId }) => eventId),
        notices.map(({ customerId }) => customerId),
        notices.map(({ type }) => type),
        notices.map(bodyOf),
        notices.map(({ at }) => at),
        now,
      ],
    );
  }

  /** Records an event for one enabled endpoint; undefined where another of its type still waits there. */
  async recordAt(owner: DeliveryOwner, notice: Notice, now: string): Promise<Delivery | undefined> {
    const { customerId, endpointId } = owner;
    const [delivery] = await this.database.query<Delivery>(
      `INSERT INTO webhook_delivery (delivery_id, endpoint_id, customer_id, event_id, type, body, status, next_attempt_at, created_at)
       SELECT 'dlv_' || md5($2::text || $3::text), $2, $1, $3, $4, $5, 'pending', $6, $6
         FROM webhook_endpoint AS endpoint
        WHERE customer_id = $1 AND endpoint_id = $2 AND status = 'enabled'
          AND NOT EXISTS (SELECT 1 FROM webhook_delivery AS other
                           WHERE other.endpoint_id = $2 AND other.type = $4 AND other.status = 'pending')
       RETURNING ${columns}`,
      [customerId, endpointId, notice.eventId, notice.type, bodyOf(notice), now],
    );
    return delivery;
  }

  /** What an endpoint was told, newest first. */
  async log({ customerId, endpointId }: DeliveryOwner, { limit, after }: LogPage): Promise<Delivery[]> {
    return this.database.query<Delivery>(
      `SELECT ${columns} FROM webhook_delivery
        WHERE customer_id = $1 AND endpoint_id = $2
          AND ($3 = '' OR (created_at, delivery_id) <
                (SELECT created_at, delivery_id FROM webhook_delivery WHERE delivery_id = $3 AND endpoint_id = $2))
        ORDER BY created_at DESC, delivery_id DESC LIMIT $4`,
      [customerId, endpointId, after, limit],
    );
  }

  /** Sends what has ended once more, under the same id; undefined where there is no such delivery, or it waits already. */
  async redeliver(owner: DeliveryOwner, deliveryId: string, now: string): Promise<Delivery | undefined> {
    const { customerId, endpointId } = owner;
    const [delivery] = await this.database.query<Delivery>(
      `UPDATE webhook_delivery SET status = 'pending', attempts = 0, next_attempt_at = $4, failure = NULL
        WHERE customer_id = $1 AND endpoint_id = $2 AND delivery_id = $3 AND status <> 'pending' RETURNING ${columns}`,
      [customerId, endpointId, deliveryId, now],
    );
    return delivery;
  }
}
