import type { Money } from '@app/money';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** Money that came in and is nobody's yet. Amounts are text in `currency`. */
export interface Suspense {
  readonly suspenseId: string;
  readonly channel: string;
  /** The bank line, or the payment of a provider, that it is. */
  readonly sourceId: string;
  readonly amount: string;
  readonly currency: string;
  readonly reason: string;
  readonly customerId: string | null;
  readonly partyName: string;
  readonly partyAccount: string;
  readonly receivedAt: string;
  readonly assigned: string;
  readonly returning: string;
  readonly returned: string;
}

export type NewSuspense = Omit<Suspense, 'assigned' | 'returning' | 'returned'>;

const view = `suspense_id AS "suspenseId", channel, source_id AS "sourceId", trim_scale(amount) AS amount, currency, reason,
  customer_id AS "customerId", party_name AS "partyName", party_account AS "partyAccount", received_at AS "receivedAt",
  trim_scale(assigned) AS assigned, trim_scale(going_back) AS returning, trim_scale(returned) AS returned`;

const columnOf = { assigned: 'assigned', returning: 'going_back' } as const;

/** Money in suspense. What is assigned, on its way back and returned never exceeds it: the database checks. */
@Injectable()
export class Suspenses {
  constructor(private readonly database: Database) {}

  async insert(tx: Tx, added: readonly NewSuspense[]): Promise<void> {
    if (added.length === 0) return;
    await tx.query(
      `INSERT INTO suspense (suspense_id, channel, source_id, amount, currency, reason, customer_id, party_name,
                             party_account, received_at)
       SELECT "suspenseId", channel, "sourceId", amount, currency, reason, "customerId", "partyName", "partyAccount",
              "receivedAt"
         FROM json_to_recordset($1) AS row ("suspenseId" text, channel text, "sourceId" text, amount numeric,
              currency text, reason text, "customerId" text, "partyName" text, "partyAccount" text,
              "receivedAt" timestamptz)`,
      [JSON.stringify(added)],
    );
  }

  /** The suspense that a bank line or a provider's payment is, if any. */
  async idOf(tx: Tx, sourceId: string): Promise<string | undefined> {
    const [row] = await tx.query<{ id: string }>(
      'SELECT suspense_id AS id FROM suspense WHERE source_id = $1',
      [sourceId],
    );
    return row?.id;
  }

  async lock(tx: Tx, suspenseId: string): Promise<Suspense | undefined> {
    const [row] = await tx.query<Suspense>(`SELECT ${view} FROM suspense WHERE suspense_id = $1 FOR UPDATE`, [
      suspenseId,
    ]);
    return row;
  }

  /** Takes a part of it: false where there is not that much left. */
  async take(
    tx: Tx,
    suspenseId: string,
    part: { as: 'assigned' | 'returning'; amount: Money },
  ): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE suspense SET ${columnOf[part.as]} = ${columnOf[part.as]} + $2
        WHERE suspense_id = $1 AND currency = $3 AND assigned + going_back + returned + $2 <= amount
       RETURNING suspense_id`,
      [suspenseId, part.amount.toText(), part.amount.currency],
    );
    return rows.length > 0;
  }

  /** What was on its way back has arrived, or has come back to us. */
  async endReturn(tx: Tx, suspenseId: string, end: { arrived: boolean; amount: Money }): Promise<void> {
    await tx.query(
      `UPDATE suspense SET going_back = going_back - $2, returned = returned + $3 WHERE suspense_id = $1`,
      [suspenseId, end.amount.toText(), end.arrived ? end.amount.toText() : '0'],
    );
  }

  /** What is still nobody's, oldest first. */
  open(limit: number): Promise<Suspense[]> {
    return this.database.query<Suspense>(
      `SELECT ${view} FROM suspense WHERE assigned + returned < amount ORDER BY received_at, suspense_id LIMIT $1`,
      [limit],
    );
  }

  /** How many wait, and since when the oldest does. */
  async queue(now: Date): Promise<{ readonly count: number; readonly oldestSeconds: number }> {
    const [row] = await this.database.query<{ count: number; seconds: number | null }>(
      `SELECT count(*)::int AS count, extract(epoch FROM $1::timestamptz - min(received_at))::float8 AS seconds
         FROM suspense WHERE assigned + returned < amount`,
      [now],
    );
    return { count: row?.count ?? 0, oldestSeconds: Math.max(0, row?.seconds ?? 0) };
  }
}
