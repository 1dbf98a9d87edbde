import type { Refund, RefundItem, RefundItemStatus, RefundStatus } from '@app/funding';
import { Money } from '@app/money';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { numberOfItem } from './item-number.ts';

/** A refund as it is kept: its state, and what the ledger said at its end. */
export interface StoredRefund {
  readonly state: Refund;
  readonly requestedAt: string;
  readonly closedAt: string | null;
  /** Amounts as decimal text; null until the ledger has closed it. */
  readonly paid: string | null;
  readonly givenBack: string | null;
}

/** How the ledger closed a refund. */
export interface Closing {
  readonly refundId: string;
  readonly paid: Money;
  readonly givenBack: Money;
  readonly closedAt: string;
}

/** What of the refunds has not ended: the oldest refund, be it that the ledger has not answered, and the items. */
export interface RefundQueue {
  readonly oldestSeconds: number;
  readonly waitingForPeople: number;
  /** The provider could not pay them: the payer's account is gone. */
  readonly abnormal: number;
}

interface RefundRow {
  readonly refund_id: string;
  readonly customer_id: string;
  readonly close_out: boolean;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly status: RefundStatus;
  readonly refusal_code: string | null;
  readonly refundable: string | null;
  readonly requested_at: string;
  readonly closed_at: string | null;
  readonly paid: string | null;
  readonly given_back: string | null;
}

interface ItemRow {
  readonly item_id: string;
  readonly refund_id: string;
  readonly top_up_id: string;
  readonly channel: string;
  readonly amount: string;
  readonly currency: string;
  readonly status: RefundItemStatus;
  readonly provider_reference: string | null;
  readonly failure_code: string | null;
}

const columns = `refund_id, customer_id, close_out, trim_scale(amount) AS amount, currency, status, refusal_code,
  trim_scale(refundable) AS refundable, requested_at, closed_at, trim_scale(paid) AS paid,
  trim_scale(given_back) AS given_back`;
const itemColumns = `item_id, refund_id, top_up_id, channel, trim_scale(amount) AS amount, currency, status,
  provider_reference, failure_code`;

/** The refunds and their items. */
@Injectable()
export class Refunds {
  constructor(private readonly database: Database) {}

  async insert(tx: Tx, { refundId, customerId, asked, status }: Refund, requestedAt: Date): Promise<void> {
    const amount = asked.kind === 'amount' ? asked.amount : undefined;
    await tx.query(
      `INSERT INTO refund (refund_id, customer_id, close_out, amount, currency, status, requested_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [
        refundId,
        customerId,
        asked.kind === 'close-out',
        amount?.toText() ?? null,
        amount?.currency ?? null,
        status,
        requestedAt,
      ],
    );
  }

  /** The refund with its items, locked until the end of the transaction. */
  async lock(tx: Tx, refundId: string): Promise<StoredRefund | undefined> {
    const [row] = await tx.query<RefundRow>(`SELECT ${columns} FROM refund WHERE refund_id = $1 FOR UPDATE`, [
      refundId,
    ]);
    return row && stored(row, await itemsOf(tx, [refundId]));
  }

  /** The refund that an item belongs to, by the item's id or by the number that the provider knows. */
  async refundOfItem(
    key: { itemId: string } | { number: string },
    from: Pick<Tx, 'query'> = this.database,
  ): Promise<{ refundId: string; itemId: string } | undefined> {
    const [column, value] = 'itemId' in key ? ['item_id', key.itemId] : ['number', key.number];
    const [row] = await from.query<{ refund_id: string; item_id: string }>(
      `SELECT refund_id, item_id FROM refund_item WHERE ${column} = $1`,
      [value],
    );
    return row && { refundId: row.refund_id, itemId: row.item_id };
  }

  /** Whether no machine will send an item, and none ever did. */
  async isLeftToPeople(tx: Tx, itemId: string): Promise<boolean> {
    const rows = await tx.query(
      `SELECT FROM refund_item WHERE item_id = $1 AND status = 'created' AND sent_at IS NULL AND check_at IS NULL`,
      [itemId],
    );
    return rows.length > 0;
  }

  async saveStatus(tx: Tx, { refundId, status, refused }: Refund): Promise<void> {
    await tx.query(
      `UPDATE refund SET status = $2, refusal_code = $3, refundable = $4, currency = COALESCE(currency, $5)
        WHERE refund_id = $1`,
      [
        refundId,
        status,
        refused?.code ?? null,
        refused?.refundable.toText() ?? null,
        refused?.refundable.currency ?? null,
      ],
    );
  }

  async insertItems(
    tx: Tx,
    { refundId, customerId, items }: Refund,
    times: { createdAt: Date; checkAt: Date },
  ): Promise<void> {
    for (const { itemId, topUpId, channel, amount, status } of items) {
      await tx.query(
        `INSERT INTO refund_item (item_id, refund_id, top_up_id, customer_id, channel, amount, currency, number, status,
                                  created_at, check_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [
          itemId,
          refundId,
          topUpId,
          customerId,
          channel,
          amount.toText(),
          amount.currency,
          numberOfItem(itemId),
          status,
          times.createdAt,
          times.checkAt,
        ],
      );
    }
  }

  async saveItem(
    tx: Tx,
    item: RefundItem,
    times: { checks: number; checkAt: Date | undefined; endedAt: Date | undefined },
  ) {
    await tx.query(
      `UPDATE refund_item SET status = $2, provider_reference = $3, failure_code = $4, checks = $5, check_at = $6,
              ended_at = COALESCE(ended_at, $7)
        WHERE item_id = $1`,
      [
        item.itemId,
        item.status,
        item.providerReference,
        item.failureCode,
        times.checks,
        times.checkAt ?? null,
        times.endedAt ?? null,
      ],
    );
  }

  async checksOf(tx: Tx, itemId: string): Promise<number> {
    const [row] = await tx.query<{ checks: number }>('SELECT checks FROM refund_item WHERE item_id = $1', [
      itemId,
    ]);
    return row?.checks ?? 0;
  }

  /** Makes an item due, if it was sent and has not ended; tells whether it is. */
  async lookNow(tx: Tx, itemId: string, now: Date): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE refund_item SET check_at = LEAST(check_at, $2)
        WHERE item_id = $1 AND ended_at IS NULL AND check_at IS NOT NULL AND sent_at IS NOT NULL RETURNING item_id`,
      [itemId, now],
    );
    return rows.length > 0;
  }

  async close(tx: Tx, { refundId, paid, givenBack, closedAt }: Closing): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE refund SET closed_at = $2, paid = $3, given_back = $4, currency = $5 WHERE refund_id = $1
       RETURNING refund_id`,
      [refundId, closedAt, paid.toText(), givenBack.toText(), paid.currency],
    );
    return rows.length > 0;
  }

  async find(refundId: string): Promise<StoredRefund | undefined> {
    const [row] = await this.database.query<RefundRow>(`SELECT ${columns} FROM refund WHERE refund_id = $1`, [
      refundId,
    ]);
    return row && stored(row, await itemsOf(this.database, [refundId]));
  }

  /** A customer's refunds, newest first, from below `beforeId`. */
  async list(
    customerId: string,
    { beforeId, limit }: { beforeId: string | undefined; limit: number },
  ): Promise<StoredRefund[]> {
    const rows = await this.database.query<RefundRow>(
      `SELECT ${columns} FROM refund WHERE customer_id = $1 AND ($2::text IS NULL OR refund_id < $2)
        ORDER BY refund_id DESC LIMIT $3`,
      [customerId, beforeId ?? null, limit],
    );
    const items = await itemsOf(
      this.database,
      rows.map(({ refund_id: id }) => id),
    );
    return rows.map((row) => stored(row, items));
  }

  /** Takes items that are due for a look; until `again` nobody else takes them. */
  async takeDue({
    now,
    again,
    limit,
  }: {
    now: Date;
    again: Date;
    limit: number;
  }): Promise<readonly string[]> {
    const rows = await this.database.query<{ item_id: string }>(
      `UPDATE refund_item SET check_at = $2 WHERE item_id IN (
         SELECT item_id FROM refund_item WHERE check_at <= $1 ORDER BY check_at LIMIT $3 FOR UPDATE SKIP LOCKED)
       RETURNING item_id`,
      [now, again, limit],
    );
    return rows.map(({ item_id: id }) => id);
  }

  /** The age of the oldest item that has not ended, how many wait for people, and how many of them are abnormal. */
  async queue(now: Date): Promise<RefundQueue> {
    const [row] = await this.database.query<{ seconds: number | null; waiting: number; abnormal: number }>(
      `SELECT (SELECT extract(epoch FROM $1::timestamptz - min(requested_at)) FROM refund
                WHERE closed_at IS NULL AND status <> 'refused')::float8 AS seconds,
              count(*) FILTER (WHERE check_at IS NULL OR status = 'abnormal')::int AS waiting,
              count(*) FILTER (WHERE status = 'abnormal')::int AS abnormal
         FROM refund_item WHERE ended_at IS NULL`,
      [now],
    );
    const { seconds, waiting = 0, abnormal = 0 } = row ?? {};
    return { oldestSeconds: Math.max(0, seconds ?? 0), waitingForPeople: waiting, abnormal };
  }
}

const itemsOf = (from: Pick<Tx, 'query'>, refundIds: readonly string[]): Promise<ItemRow[]> =>
  from.query<ItemRow>(`SELECT ${itemColumns} FROM refund_item WHERE refund_id = ANY($1) ORDER BY item_id`, [
    refundIds,
  ]);

function stored(row: RefundRow, items: readonly ItemRow[]): StoredRefund {
  const { amount, currency, refundable, refusal_code: code } = row;
  const asked = (): Refund['asked'] => {
    if (row.close_out) return { kind: 'close-out' };
    return { kind: 'amount', amount: Money.of(amount ?? '', currency ?? '') };
  };
  return {
    state: {
      refundId: row.refund_id,
      customerId: row.customer_id,
      asked: asked(),
      status: row.status,
      refused: code === null ? null : { code, refundable: Money.of(refundable ?? '', currency ?? '') },
      items: items.filter(({ refund_id: id }) => id === row.refund_id).map(item),
    },
    requestedAt: row.requested_at,
    closedAt: row.closed_at,
    paid: row.paid,
    givenBack: row.given_back,
  };
}

const item = (row: ItemRow): RefundItem => ({
  itemId: row.item_id,
  topUpId: row.top_up_id,
  channel: row.channel,
  amount: Money.of(row.amount, row.currency),
  status: row.status,
  providerReference: row.provider_reference,
  failureCode: row.failure_code,
});
