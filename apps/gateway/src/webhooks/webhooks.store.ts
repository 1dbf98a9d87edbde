import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { NoticeType } from './notice.ts';

/** Where a customer's events go to. */
export interface Endpoint {
  readonly endpointId: string;
  readonly url: string;
  readonly description: string;
  readonly events: NoticeType[];
  readonly status: 'enabled' | 'disabled';
  readonly disabledReason: 'customer' | 'failing' | 'gone' | null;
  readonly secretNumber: number;
  readonly previousSecretUntil: string | null;
  readonly failingSince: string | null;
  readonly createdAt: string;
}

/** A new endpoint. */
export type EndpointDraft = Pick<Endpoint, 'endpointId' | 'url' | 'description' | 'events' | 'createdAt'> & {
  readonly customerId: string;
};

/** What is to be changed of an endpoint. */
export type EndpointChange = Partial<{
  readonly [Field in 'url' | 'description' | 'events' | 'status']: Endpoint[Field] | undefined;
}>;

const columns = `endpoint_id AS "endpointId", url, description, events, status, disabled_reason AS "disabledReason",
                 secret_number AS "secretNumber", previous_secret_until AS "previousSecretUntil",
                 failing_since AS "failingSince", created_at AS "createdAt"`;
const own = `customer_id = $1 AND endpoint_id = $2 AND status <> 'deleted'`;

/** A customer has so many endpoints at most. */
export const endpointsMax = 10;

/** The rows of endpoints and of balance alerts. Nobody reaches those of another customer. */
@Injectable()
export class WebhooksStore {
  constructor(private readonly database: Database) {}

  /** Adds an endpoint; undefined where the customer has too many. */
  async insert(draft: EndpointDraft): Promise<Endpoint | undefined> {
    const { endpointId, customerId, url, description, events, createdAt } = draft;
    return this.database.transaction(async (tx) => {
      await tx.query(`SELECT 1 FROM customer WHERE customer_id = $1 FOR UPDATE`, [customerId]);
      const [endpoint] = await tx.query<Endpoint>(
        `INSERT INTO webhook_endpoint (endpoint_id, customer_id, url, description, events, status, created_at)
         SELECT $1, $2, $3, $4, $5, 'enabled', $6
          WHERE (SELECT count(*) FROM webhook_endpoint WHERE customer_id = $2 AND status <> 'deleted') < $7
         RETURNING ${columns}`,
        [endpointId, customerId, url, description, events, createdAt, endpointsMax],
      );
      return endpoint;
    });
  }

  /** A customer's endpoint; undefined where it has none of that id. */
  async find(customerId: string, endpointId: string): Promise<Endpoint | undefined> {
    const [endpoint] = await this.database.query<Endpoint>(
      `SELECT ${columns} FROM webhook_endpoint WHERE ${own}`,
      [customerId, endpointId],
    );
    return endpoint;
  }

  /** A customer's endpoints, oldest first. */
  async listOf(customerId: string): Promise<Endpoint[]> {
    return this.database.query<Endpoint>(
      `SELECT ${columns} FROM webhook_endpoint
        WHERE customer_id = $1 AND status <> 'deleted' ORDER BY created_at, endpoint_id`,
      [customerId],
    );
  }

  /** Changes an endpoint. What waited for one that is disabled now is not sent any more. */
  async change(
    customerId: string,
    endpointId: string,
    change: EndpointChange,
  ): Promise<Endpoint | undefined> {
    const { url = null, description = null, events = null, status = null } = change;
    return this.database.transaction(async (tx) => {
      const [endpoint] = await tx.query<Endpoint>(
        `UPDATE webhook_endpoint
            SET url = coalesce($3, url), description = coalesce($4, description), events = coalesce($5, events),
                status = coalesce($6, status),
                disabled_reason = CASE $6 WHEN 'disabled' THEN coalesce(disabled_reason, 'customer')
                                          WHEN 'enabled' THEN NULL ELSE disabled_reason END,
                failing_since = CASE $6 WHEN 'enabled' THEN NULL ELSE failing_since END
          WHERE ${own} RETURNING ${columns}`,
        [customerId, endpointId, url, description, events, status],
      );
      if (status === 'disabled') await tx.query(giveUpAll, [endpointId]);
      return endpoint;
    });
  }

  /** Ends an endpoint for good; says whether there was one. */
  async delete(customerId: string, endpointId: string): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const rows = await tx.query(
        `UPDATE webhook_endpoint SET status = 'deleted', disabled_reason = NULL WHERE ${own} RETURNING 1`,
        [customerId, endpointId],
      );
      if (rows.length > 0) await tx.query(giveUpAll, [endpointId]);
      return rows.length > 0;
    });
  }

  /** Gives an endpoint its next secret; the one before signs as well until `previousUntil`. */
  async rotateSecret(
    customerId: string,
    endpointId: string,
    previousUntil: string,
  ): Promise<Endpoint | undefined> {
    const [endpoint] = await this.database.query<Endpoint>(
      `UPDATE webhook_endpoint SET secret_number = secret_number + 1, previous_secret_until = $3
        WHERE ${own} RETURNING ${columns}`,
      [customerId, endpointId, previousUntil],
    );
    return endpoint;
  }

  /** The balances under which a customer is told, highest first. */
  async thresholdsOf(customerId: string): Promise<string[]> {
    const rows = await this.database.query<{ readonly threshold: string }>(
      `SELECT trim_scale(threshold) AS threshold FROM balance_alert WHERE customer_id = $1
        ORDER BY balance_alert.threshold DESC`,
      [customerId],
    );
    return rows.map(({ threshold }) => threshold);
  }

  /** Replaces them as a whole. One that stays is known since before. */
  async setThresholds(customerId: string, thresholds: readonly string[], since: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(
        `DELETE FROM balance_alert WHERE customer_id = $1 AND threshold <> ALL ($2::numeric[])`,
        [customerId, thresholds],
      );
      await tx.query(
        `INSERT INTO balance_alert (customer_id, threshold, since)
         SELECT $1, threshold, $3 FROM unnest($2::numeric[]) AS row (threshold) ON CONFLICT DO NOTHING`,
        [customerId, thresholds, since],
      );
    });
  }
}

const giveUpAll = `UPDATE webhook_delivery SET status = 'failed', failure = 'disabled', next_attempt_at = NULL
                    WHERE endpoint_id = $1 AND status = 'pending'`;
