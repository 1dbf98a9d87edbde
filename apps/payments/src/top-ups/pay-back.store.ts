import { createHash } from 'node:crypto';
import { Money } from '@app/money';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** A provider's payment that two people send back. */
export interface PayBack {
  readonly suspenseId: string;
  readonly topUpId: string;
  readonly channel: string;
  readonly providerReference: string;
  readonly amount: Money;
}

export interface KeptPayBack extends PayBack {
  /**
   * Under which the provider knows the refund. It follows from the payment and from how often the provider refused to
   * send it back, so that it is sent back once: a refused number stays refused.
   */
  readonly number: string;
  readonly status: 'approved' | 'sent' | 'paid' | 'failed';
  readonly checks: number;
}

interface Row {
  readonly number: string;
  readonly suspense_id: string;
  readonly top_up_id: string;
  readonly channel: string;
  readonly provider_reference: string;
  readonly amount: string;
  readonly currency: string;
  readonly status: KeptPayBack['status'];
  readonly checks: number;
}

const columns = `number, suspense_id, top_up_id, channel, provider_reference, trim_scale(amount) AS amount, currency,
  status, checks`;

/** Payments on their way back to their payers. */
@Injectable()
export class PayBacks {
  constructor(private readonly database: Database) {}

  async insert(tx: Tx, payBack: PayBack, checkAt: Date): Promise<void> {
    const { suspenseId, topUpId, channel, providerReference, amount } = payBack;
    const refused = await this.refusedTimes(tx, channel, providerReference);
    const seed = `${channel}:${providerReference}${refused === 0 ? '' : `:${String(refused)}`}`;
    const number = `pb_${createHash('sha256').update(seed).digest('hex').slice(0, 40)}`;
    await tx.query(
      `INSERT INTO pay_back (number, suspense_id, top_up_id, channel, provider_reference, amount, currency, check_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [number, suspenseId, topUpId, channel, providerReference, amount.toText(), amount.currency, checkAt],
    );
  }

  /** How often the provider refused to send this payment back. The caller has locked its order. */
  async refusedTimes(tx: Tx, channel: string, providerReference: string): Promise<number> {
    const [row] = await tx.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pay_back
        WHERE channel = $1 AND provider_reference = $2 AND status = 'failed'`,
      [channel, providerReference],
    );
    return row?.count ?? 0;
  }

  async find(number: string): Promise<KeptPayBack | undefined> {
    const [row] = await this.database.query<Row>(`SELECT ${columns} FROM pay_back WHERE number = $1`, [
      number,
    ]);
    return row && kept(row);
  }

  async lock(tx: Tx, number: string): Promise<KeptPayBack | undefined> {
    const [row] = await tx.query<Row>(`SELECT ${columns} FROM pay_back WHERE number = $1 FOR UPDATE`, [
      number,
    ]);
    return row && kept(row);
  }

  async save(
    tx: Tx,
    number: string,
    change: { status: KeptPayBack['status']; checks: number; checkAt: Date | undefined; endedAt?: string },
  ): Promise<void> {
    await tx.query(
      'UPDATE pay_back SET status = $2, checks = $3, check_at = $4, ended_at = $5 WHERE number = $1',
      [number, change.status, change.checks, change.checkAt ?? null, change.endedAt ?? null],
    );
  }

  /** Takes what is due; until `again` nobody else takes it. */
  async takeDue({
    now,
    again,
    limit,
  }: {
    now: Date;
    again: Date;
    limit: number;
  }): Promise<readonly string[]> {
    const rows = await this.database.query<{ number: string }>(
      `UPDATE pay_back SET check_at = $2 WHERE number IN (
         SELECT number FROM pay_back WHERE check_at <= $1 ORDER BY check_at LIMIT $3 FOR UPDATE SKIP LOCKED)
       RETURNING number`,
      [now, again, limit],
    );
    return rows.map(({ number }) => number);
  }
}

const kept = (row: Row): KeptPayBack => ({
  number: row.number,
  suspenseId: row.suspense_id,
  topUpId: row.top_up_id,
  channel: row.channel,
  providerReference: row.provider_reference,
  amount: Money.of(row.amount, row.currency),
  status: row.status,
  checks: row.checks,
});
