import { type EventOf, type KeyChanged, topics } from '@app/contracts';
import { Database, Outbox, type PreparedStatement, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { KeyDisplay } from './api-key.ts';
import type { Caller } from './caller.ts';
import { Budgets, KeyPolicy } from './key-policy.ts';

/** An API key as it may be shown after its creation. */
export interface KeyRecord extends KeyDisplay {
  readonly keyId: string;
  readonly customerId: string;
  readonly name: string;
  readonly status: 'active' | 'revoked';
  readonly policy: KeyPolicy;
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

/** A key to be stored: never itself, only its hash. */
export interface KeyDraft extends KeyDisplay {
  readonly keyId: string;
  readonly customerId: string;
  readonly name: string;
  readonly hash: Buffer;
  readonly policy: KeyPolicy;
  readonly expiresAt: string | null;
}

/** What is to be changed of a key. */
export interface KeyChange {
  readonly name?: string | undefined;
  readonly policy?: KeyPolicy | undefined;
  readonly expiresAt?: string | null | undefined;
}

const columns = `key_id AS "keyId", customer_id AS "customerId", name, display_prefix AS "displayPrefix",
                 last_four AS "lastFour", status, policy, expires_at AS "expiresAt", created_at AS "createdAt", revoked_at AS "revokedAt"`;

const isUsable = `api_key.status = 'active' AND customer.status IN ('active', 'draining')
                  AND (expires_at IS NULL OR expires_at > clock_timestamp())`;

const callerByHash: PreparedStatement = {
  name: 'caller_by_hash',
  text: `SELECT customer.customer_id AS "customerId", key_id AS "keyId", display_prefix AS "displayPrefix", currency,
                plan_code AS "planCode", plan_credits AS "planCredits", plan_amount AS "planAmount",
                rate_card_id AS "rateCardId", time_zone AS "timeZone", policy, budgets AS "customerBudgets",
                expires_at AS "expiresAt"
           FROM api_key JOIN customer USING (customer_id)
          WHERE hash = $1 AND ${isUsable}`,
};

/** Policies are stored as they were said; what was not said then is not limited. */
const recordOf = (row: KeyRecord): KeyRecord => ({ ...row, policy: KeyPolicy.parse(row.policy) });

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
    policy,
    expiresAt,
  }: KeyDraft): Promise<KeyRecord | undefined> {
    return this.database.transaction(async (tx) => {
      const [key] = await tx.query<KeyRecord & { readonly version: number }>(
        `INSERT INTO api_key (key_id, customer_id, name, hash, display_prefix, last_four, policy, expires_at, status, version)
         SELECT $1, customer_id, $3, $4, $5, $6, $7, $8, 'active', 1 FROM customer WHERE customer_id = $2
         RETURNING ${columns}, version`,
        [keyId, customerId, name, hash, displayPrefix, lastFour, JSON.stringify(policy), expiresAt],
      );
      return this.told(tx, key);
    });
  }

  /** Changes an active key; undefined where the customer has none of that id. */
  async change(customerId: string, keyId: string, change: KeyChange): Promise<KeyRecord | undefined> {
    const { name, policy, expiresAt } = change;
    return this.database.transaction(async (tx) => {
      const [key] = await tx.query<KeyRecord & { readonly version: number }>(
        `UPDATE api_key SET name = coalesce($3, name), policy = coalesce($4, policy),
                expires_at = CASE WHEN $5 THEN $6::timestamptz ELSE expires_at END, version = version + 1
          WHERE customer_id = $1 AND key_id = $2 AND status = 'active' RETURNING ${columns}, version`,
        [
          customerId,
          keyId,
          name ?? null,
          policy === undefined ? null : JSON.stringify(policy),
          expiresAt !== undefined,
          expiresAt ?? null,
        ],
      );
      return this.told(tx, key);
    });
  }

  /** Which of these keys must not be used any more. */
  async endedOf(keyIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.database.query<{ readonly keyId: string }>(
      `SELECT key_id AS "keyId" FROM api_key JOIN customer USING (customer_id)
        WHERE key_id = ANY ($1::text[]) AND NOT (${isUsable})`,
      [keyIds],
    );
    return new Set(rows.map(({ keyId }) => keyId));
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
      return this.find(customerId, keyId, tx);
    });
  }

  /** One key; undefined where the customer has none of that id. */
  async find(
    customerId: string,
    keyId: string,
    from: Pick<Tx, 'query'> = this.database,
  ): Promise<KeyRecord | undefined> {
    const [key] = await from.query<KeyRecord>(
      `SELECT ${columns} FROM api_key WHERE customer_id = $1 AND key_id = $2`,
      [customerId, keyId],
    );
    return key && recordOf(key);
  }

  async listOf(customerId: string): Promise<KeyRecord[]> {
    const keys = await this.database.query<KeyRecord>(
      `SELECT ${columns} FROM api_key WHERE customer_id = $1 ORDER BY created_at, key_id LIMIT 500`,
      [customerId],
    );
    return keys.map(recordOf);
  }

  /** Whose active key has this hash; undefined for unknown and revoked keys and for customers who may not call. */
  async callerOf(hash: Buffer): Promise<Caller | undefined> {
    const [row] = await this.database.query<CallerRow>(callerByHash, [hash]);
    if (row === undefined) return undefined;
    const { planCode: code, planCredits: credits, planAmount: amount, ...rest } = row;
    return {
      ...rest,
      policy: KeyPolicy.parse(rest.policy),
      customerBudgets: Budgets.parse(rest.customerBudgets),
      plan: { code, unit: 'credit', creditsPer: { credits, amount } },
    };
  }

  private async told(
    tx: Tx,
    stored: (KeyRecord & { readonly version: number }) | undefined,
  ): Promise<KeyRecord | undefined> {
    if (stored === undefined) return undefined;
    const { version, ...record } = stored;
    const key = recordOf(record);
    await this.outbox.add(tx, topics.keys.name, [changed(key, version)], () => key.keyId);
    return key;
  }
}

function changed(key: KeyRecord, version: number): EventOf<typeof KeyChanged> {
  const { createdAt, revokedAt, policy: _policy, expiresAt: _expiresAt, ...rest } = key;
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
