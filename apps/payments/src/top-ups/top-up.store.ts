import type { QuestionedPayment, TopUp, TopUpStatus } from '@app/funding';
import { Money } from '@app/money';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { PayMethod } from '../channels/payment-channel.ts';
import type { WayToPay } from './way-to-pay.ts';

/** An order as it is kept: its state, and the times that are nobody's decision. */
export interface StoredTopUp {
  readonly state: TopUp;
  readonly late: boolean;
  readonly way: WayToPay;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly checks: number;
}

/** Money that came by bank transfer. The amount is text in `currency`. */
export interface Transfer {
  readonly topUpId: string;
  readonly customerId: string;
  readonly channel: string;
  readonly amount: string;
  readonly currency: string;
  /** Unique in its channel. */
  readonly reference: string;
  readonly paidAt: string;
}

/** What an order came to, to be written down. */
export interface TopUpChange {
  readonly state: TopUp;
  readonly late: boolean;
  readonly checks: number;
  readonly checkAt: Date | undefined;
  readonly settledAt: Date | undefined;
}

/** What of the orders waits. */
export interface TopUpQueue {
  /** Since the oldest order was created whose outcome at the provider is unknown. */
  readonly oldestUnknownSeconds: number;
  /** How many were to end fifteen minutes ago or earlier, and the provider has not said how they did. */
  readonly stuck: number;
  /** Payments that credit nothing until two people decide. */
  readonly questions: number;
}

interface TopUpRow {
  readonly top_up_id: string;
  readonly customer_id: string;
  readonly channel: string;
  readonly amount: string;
  readonly currency: string;
  readonly status: TopUpStatus;
  readonly action_kind: string | null;
  readonly action_value: string | null;
  readonly provider_reference: string | null;
  readonly paid_at: string | null;
  readonly late: boolean;
  readonly failure_code: string | null;
  readonly created_at: string;
  readonly expires_at: string;
  readonly checks: number;
  readonly method: PayMethod;
  readonly payer: string | null;
  readonly return_url: string | null;
  readonly credited: string | null;
}

interface QuestionRow {
  readonly provider_reference: string;
  readonly amount: string;
  readonly currency: string;
  readonly paid_at: string;
  readonly reason: QuestionedPayment['reason'];
  readonly resolution: QuestionedPayment['resolution'];
}

const columns = `top_up_id, customer_id, channel, trim_scale(amount) AS amount, currency, status, action_kind,
  action_value, provider_reference, paid_at, late, failure_code, created_at, expires_at, checks, method, payer,
  return_url, trim_scale(credited) AS credited`;

/** The orders. */
@Injectable()
export class TopUps {
  constructor(private readonly database: Database) {}

  async insert(
    tx: Tx,
    order: TopUp,
    { way, ...times }: { way: WayToPay; createdAt: Date; expiresAt: Date; checkAt: Date },
  ): Promise<void> {
    await tx.query(
      `INSERT INTO top_up (top_up_id, customer_id, channel, amount, currency, status, created_at, expires_at, check_at,
                           method, payer, return_url)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        order.topUpId,
        order.customerId,
        order.channel,
        order.amount.toText(),
        order.amount.currency,
        order.status,
        times.createdAt,
        times.expiresAt,
        times.checkAt,
        way.method,
        way.payer ?? null,
        way.returnUrl ?? null,
      ],
    );
  }

  /** The order, locked until the end of the transaction: whoever learns something of it waits here for the others. */
  async lock(tx: Tx, topUpId: string): Promise<StoredTopUp | undefined> {
    const [row] = await tx.query<TopUpRow>(`SELECT ${columns} FROM top_up WHERE top_up_id = $1 FOR UPDATE`, [
      topUpId,
    ]);
    return row && stored(row, await questionsOf(tx, topUpId));
  }

  /** Top-ups that are money already: transfers, and what two people took out of suspense. */
  async insertTransfers(tx: Tx, transfers: readonly Transfer[]): Promise<void> {
    if (transfers.length === 0) return;
    await tx.query(
      `INSERT INTO top_up (top_up_id, customer_id, channel, amount, currency, status, method, provider_reference,
                           paid_at, created_at, expires_at, settled_at)
       SELECT "topUpId", "customerId", channel, amount, currency, 'succeeded', 'transfer', reference, "paidAt",
              "paidAt", "paidAt", now()
         FROM json_to_recordset($1) AS row ("topUpId" text, "customerId" text, channel text, amount numeric,
              currency text, reference text, "paidAt" timestamptz)`,
      [JSON.stringify(transfers)],
    );
  }

  /** How many orders of a customer wait to be paid. Until the end of the transaction nobody else counts them. */
  async countOpen(tx: Tx, customerId: string): Promise<number> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('open-top-ups:' || $1, 0))`, [customerId]);
    const [row] = await tx.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM top_up
        WHERE customer_id = $1 AND status IN ('created', 'pending', 'unknown')`,
      [customerId],
    );
    return row?.count ?? 0;
  }

  /** Whether a payment has credited an order other than this one. */
  async othersPaidBy(
    tx: Tx,
    by: { readonly topUpId: string; readonly channel: string; readonly providerReference: string },
  ): Promise<boolean> {
    const rows = await tx.query(
      'SELECT 1 FROM top_up WHERE channel = $1 AND provider_reference = $2 AND top_up_id <> $3',
      [by.channel, by.providerReference, by.topUpId],
    );
    return rows.length > 0;
  }

  async save(tx: Tx, change: TopUpChange): Promise<void> {
    const { state } = change;
    await tx.query(
      `UPDATE top_up SET status = $2, action_kind = $3, action_value = $4, provider_reference = $5, paid_at = $6,
              late = $7, failure_code = $8, checks = $9, check_at = $10, settled_at = COALESCE(settled_at, $11),
              credited = $12
        WHERE top_up_id = $1`,
      [state.topUpId, state.status, ...moneyColumns(state), ...timeColumns(change), creditedOf(state)],
    );
    for (const { providerReference, paid, paidAt, reason, resolution } of state.questions) {
      await tx.query(
        `INSERT INTO top_up_question (top_up_id, provider_reference, amount, currency, paid_at, reason, resolution)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (top_up_id, provider_reference) DO UPDATE SET resolution = excluded.resolution`,
        [state.topUpId, providerReference, paid.toText(), paid.currency, paidAt, reason, resolution],
      );
    }
  }

  async find(topUpId: string): Promise<StoredTopUp | undefined> {
    const [row] = await this.database.query<TopUpRow>(`SELECT ${columns} FROM top_up WHERE top_up_id = $1`, [
      topUpId,
    ]);
    return row && stored(row, await questionsOf(this.database, topUpId));
  }

  async several(topUpIds: readonly string[]): Promise<StoredTopUp[]> {
    const rows = await this.database.query<TopUpRow>(
      `SELECT ${columns} FROM top_up WHERE top_up_id = ANY($1)`,
      [topUpIds],
    );
    return rows.map((row) => stored(row, []));
  }

  /** A customer's orders, newest first, from below `beforeId`. */
  async list(
    customerId: string,
    { beforeId, limit }: { beforeId: string | undefined; limit: number },
  ): Promise<StoredTopUp[]> {
    const rows = await this.database.query<TopUpRow>(
      `SELECT ${columns} FROM top_up WHERE customer_id = $1 AND ($2::text IS NULL OR top_up_id < $2)
        ORDER BY top_up_id DESC LIMIT $3`,
      [customerId, beforeId ?? null, limit],
    );
    return rows.map((row) => stored(row, []));
  }

  /** Takes orders that are due for a look; until `again` nobody else takes them, and then someone does if we died. */
  async takeDue({
    now,
    again,
    limit,
  }: {
    now: Date;
    again: Date;
    limit: number;
  }): Promise<readonly string[]> {
    const rows = await this.database.query<{ top_up_id: string }>(
      `UPDATE top_up SET check_at = $2 WHERE top_up_id IN (
         SELECT top_up_id FROM top_up WHERE check_at <= $1 ORDER BY check_at LIMIT $3 FOR UPDATE SKIP LOCKED)
       RETURNING top_up_id`,
      [now, again, limit],
    );
    return rows.map(({ top_up_id: id }) => id);
  }

  /** What waits: for the provider's word, longer than it may, or for people. Sizes and ages are 0 where there is none. */
  async queue(now: Date): Promise<TopUpQueue> {
    const [row] = await this.database.query<TopUpQueue>(
      `SELECT coalesce(extract(epoch FROM $1::timestamptz - min(created_at) FILTER (WHERE status IN ('created', 'unknown')))
                , 0)::float8 AS "oldestUnknownSeconds",
              count(*) FILTER (WHERE expires_at < $1::timestamptz - interval '15 minutes')::int AS stuck,
              (SELECT count(*)::int FROM top_up_question WHERE resolution IS NULL) AS questions
         FROM top_up WHERE check_at IS NOT NULL`,
      [now],
    );
    return row ?? { oldestUnknownSeconds: 0, stuck: 0, questions: 0 };
  }
}

async function questionsOf(from: Pick<Tx, 'query'>, topUpId: string): Promise<QuestionedPayment[]> {
  const rows = await from.query<QuestionRow>(
    `SELECT provider_reference, trim_scale(amount) AS amount, currency, paid_at, reason, resolution
       FROM top_up_question WHERE top_up_id = $1 ORDER BY paid_at, provider_reference`,
    [topUpId],
  );
  return rows.map((row) => ({
    providerReference: row.provider_reference,
    paid: Money.of(row.amount, row.currency),
    paidAt: row.paid_at,
    reason: row.reason,
    resolution: row.resolution,
  }));
}

function stored(row: TopUpRow, questions: readonly QuestionedPayment[]): StoredTopUp {
  const amount = Money.of(row.amount, row.currency);
  return {
    state: {
      topUpId: row.top_up_id,
      customerId: row.customer_id,
      channel: row.channel,
      amount,
      status: row.status,
      action: row.action_kind === null ? null : { kind: row.action_kind, value: row.action_value ?? '' },
      failureCode: row.failure_code,
      payment:
        row.provider_reference === null
          ? null
          : {
              providerReference: row.provider_reference,
              paid: row.credited === null ? amount : Money.of(row.credited, row.currency),
              paidAt: row.paid_at ?? '',
            },
      questions,
    },
    late: row.late,
    way: {
      method: row.method,
      payer: row.payer ?? undefined,
      returnUrl: row.return_url ?? undefined,
    },
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    checks: row.checks,
  };
}

/** Only where it is another amount than was ordered. */
const creditedOf = ({ amount, payment }: TopUp): string | null =>
  payment === null || payment.paid.equals(amount) ? null : payment.paid.toText();

const moneyColumns = ({ action, payment }: TopUp) => [
  action?.kind ?? null,
  action?.value ?? null,
  payment?.providerReference ?? null,
  payment?.paidAt ?? null,
];

const timeColumns = ({ state, late, checks, checkAt, settledAt }: TopUpChange) => [
  late,
  state.failureCode,
  checks,
  checkAt ?? null,
  settledAt ?? null,
];
