import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { SigningEndpoint } from './webhook-signature.ts';

/** A delivery that is this process's for a while. */
export interface ClaimedDelivery extends SigningEndpoint {
  readonly deliveryId: string;
  readonly eventId: string;
  readonly body: string;
  readonly url: string;
  /** With this one. */
  readonly attempts: number;
}

/** How an attempt went. */
export interface AttemptEnd {
  readonly at: string;
  readonly responseStatus: number | null;
  /** Null where it was taken. */
  readonly failure: string | null;
  /** When to try again; null where that was the last time. */
  readonly nextAttemptAt: string | null;
}

/** What may be claimed at once. */
export interface Claim {
  readonly now: string;
  /** Until then nobody else tries; a process that died is followed by another after it. */
  readonly leaseUntil: string;
  readonly limit: number;
  readonly perEndpoint: number;
  /** Endpoints that this process is busy with. */
  readonly busy: readonly string[];
}

/** What is due, given to one process at a time. */
@Injectable()
export class DueDeliveriesStore {
  constructor(private readonly database: Database) {}

  /** Takes what is due, a few of each endpoint: one that hangs does not hold up the others. */
  async claim({ now, leaseUntil, limit, perEndpoint, busy }: Claim): Promise<ClaimedDelivery[]> {
    return this.database.query<ClaimedDelivery>(
      `WITH due AS (
         SELECT first.delivery_id, url, secret_number, previous_secret_until
           FROM webhook_endpoint AS endpoint
          CROSS JOIN LATERAL (
            SELECT delivery_id FROM webhook_delivery AS delivery
             WHERE delivery.endpoint_id = endpoint.endpoint_id AND delivery.status = 'pending' AND next_attempt_at <= $1
             ORDER BY next_attempt_at LIMIT $4 FOR UPDATE SKIP LOCKED) AS first
          WHERE endpoint.status = 'enabled' AND endpoint.endpoint_id <> ALL ($5::text[])
          LIMIT $3)
       UPDATE webhook_delivery AS delivery SET next_attempt_at = $2, attempts = attempts + 1
         FROM due WHERE delivery.delivery_id = due.delivery_id
       RETURNING delivery.delivery_id AS "deliveryId", endpoint_id AS "endpointId", event_id AS "eventId", body, attempts, url,
                 secret_number AS "secretNumber", previous_secret_until AS "previousSecretUntil"`,
      [now, leaseUntil, limit, perEndpoint, busy],
    );
  }

  /** Records how an attempt went, unless its lease was over and another process has tried since. */
  async end({ deliveryId, attempts }: ClaimedDelivery, end: AttemptEnd): Promise<void> {
    const { at, responseStatus, failure, nextAttemptAt } = end;
    await this.database.query(
      `UPDATE webhook_delivery
          SET status = CASE WHEN $5::text IS NULL THEN 'delivered' WHEN $6::timestamptz IS NULL THEN 'failed' ELSE 'pending' END,
              last_attempt_at = $3, response_status = $4, failure = $5,
              next_attempt_at = CASE WHEN $5::text IS NULL THEN NULL ELSE $6::timestamptz END
        WHERE delivery_id = $1 AND attempts = $2 AND status = 'pending'`,
      [deliveryId, attempts, at, responseStatus, failure, nextAttemptAt],
    );
  }

  /** An endpoint took something. */
  async works(endpointId: string): Promise<void> {
    await this.database.query(
      `UPDATE webhook_endpoint SET failing_since = NULL WHERE endpoint_id = $1 AND failing_since IS NOT NULL`,
      [endpointId],
    );
  }

  /** An endpoint did not take something; gives since when that is so. */
  async fails(endpointId: string, at: string): Promise<string> {
    const [row] = await this.database.query<{ readonly since: string }>(
      `UPDATE webhook_endpoint SET failing_since = coalesce(failing_since, $2) WHERE endpoint_id = $1
       RETURNING failing_since AS since`,
      [endpointId, at],
    );
    return row?.since ?? at;
  }

  /** Sends nothing more to an endpoint, until its customer enables it. */
  async disable(endpointId: string, reason: 'failing' | 'gone'): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(
        `UPDATE webhook_endpoint SET status = 'disabled', disabled_reason = $2
          WHERE endpoint_id = $1 AND status = 'enabled'`,
        [endpointId, reason],
      );
      await tx.query(
        `UPDATE webhook_delivery SET status = 'failed', next_attempt_at = NULL, failure = coalesce(failure, 'disabled')
          WHERE endpoint_id = $1 AND status = 'pending'`,
        [endpointId],
      );
    });
  }

  /** Removes what ended long ago from the log, some at a time. */
  async forgetBefore(before: string): Promise<void> {
    await this.database.query(
      `DELETE FROM webhook_delivery WHERE delivery_id IN (
         SELECT delivery_id FROM webhook_delivery WHERE status <> 'pending' AND created_at < $1 ORDER BY created_at LIMIT 1000)`,
      [before],
    );
  }
}
