import { type EventOf, type KeyChanged, topics } from '@app/contracts';
import { Database, Outbox, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { KeyDisplay } from './api-key.ts';
import type { Caller } from './caller.ts';

/** An API key as it may be shown after its creation. */
export interface KeyRecord extends KeyDisplay {
  readonly keyId: string;
  readonly customerId: string;
  readonly name: string;
  readonly status: 'active' | 'revoked';
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

/** A key to be stored: never itself, only its hash. */
export interface KeyDraft extends KeyDisplay {
  readonly keyId: string;
  readonly customerId: string;
  readonly name: string;
  readonly hash: Buffer;
}

const columns = `key_id AS "keyId", customer_id AS "customerId", name, display_prefix AS "displayPrefix",
                 last_four AS "lastFour", status, created_at AS "createdAt", revoked_at AS "revokedAt"`;

interface CallerRow extends Omit<Caller, 'plan'> {
  readonly planCode: string;
  readonly planCredits: string;
  readonly planAmount: string;
}

/** The rows of API keys. Every change is told to the other services in the same transaction, without secrets. */
@Injectable()
export class KeysStore {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
  ) {}

  async insert({
    keyId,
    customerId,
    name,
    hash,
    displayPrefix,
    lastFour,
  }: KeyDraft): Promise<KeyRecord | undefined> {
    return this.database.transaction(async (tx) => {
      const [key] = await tx.query<KeyRecord & { readonly version: number }>(
        `INSERT INTO api_key (key_id, customer_id, name, hash, display_prefix, last_four, status, version)
         SELECT $1, customer_id, $3, $4, $5, $6, 'active', 1 FROM customer WHERE customer_id = $2
         RETURNING ${columns}, version`,
        [keyId, customerId, name, hash, displayPrefix, lastFour],
      );
      return this.told(tx, key);
    });
  }

  /** Ends a key for good. Revoking it again changes nothing. */
  async revoke(customerId: string, keyId: string): Promise<KeyRecord | undefined> {
    return this.database.transaction(async (tx) => {
      const [key] = await tx.query<KeyRecord & { readonly version: number }>(
        `UPDATE api_key SET status = 'revoked', revoked_at = clock_timestamp(), version = version + 1
          WHERE customer_id = $1 AND key_id = $2 AND status = 'active' RETURNING ${columns}, version`,
        [customerId, keyId],
      );
      if (key !== undefined) return this.told(tx, key);
      const [before] = await tx.query<KeyRecord>(
        `SELECT ${columns} FROM api_key WHERE customer_id = $1 AND key_id = $2`,
        [customerId, keyId],
      );
      return before;
    });
  }

  listOf(customerId: string): Promise<KeyRecord[]> {
    return this.database.query<KeyRecord>(
      `SELECT ${columns} FROM api_key WHERE customer_id = $1 ORDER BY created_at, key_id LIMIT 500`,
      [customerId],
    );
  }

  /** Whose active key has this hash; undefined for unknown and revoked keys and for customers who may not call. */
  async callerOf(hash: Buffer): Promise<Caller | undefined> {
    const [row] = await this.database.query<CallerRow>(
      `SELECT customer.customer_id AS "customerId", key_id AS "keyId", display_prefix AS "displayPrefix", currency,
              plan_code AS "planCode", plan_credits AS "planCredits", plan_amount AS "planAmount",
              rate_card_id AS "rateCardId", time_zone AS "timeZone"
         FROM api_key JOIN customer USING (customer_id)
        WHERE hash = $1 AND api_key.status = 'active' AND customer.status IN ('active', 'draining')`,
      [hash],
    );
    if (row === undefined) return undefined;
    const { planCode: code, planCredits: credits, planAmount: amount, ...rest } = row;
    return { ...rest, plan: { code, unit: 'credit', creditsPer: { credits, amount } } };
  }

  private async told(
    tx: Tx,
    stored: (KeyRecord & { readonly version: number }) | undefined,
  ): Promise<KeyRecord | undefined> {
    if (stored === undefined) return undefined;
    const { version, ...key } = stored;
    await this.outbox.add(tx, topics.keys.name, [changed(key, version)], () => key.keyId);
    return key;
  }
}

function changed(key: KeyRecord, version: number): EventOf<typeof KeyChanged> {
  const { createdAt, revokedAt, ...rest } = key;
  const changedAt = revokedAt ?? createdAt;
  return {
    id: `${key.keyId}:${String(version)}`,
    type: 'KeyChanged',
    source: 'haoli/gateway',
    time: changedAt,
    subject: key.customerId,
    data: { ...rest, changedAt },
  };
}
