import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** A fee or a settlement of a fund bill that the ledger has not heard of. The amount is exact decimal text. */
export interface NewMovement {
  /** Its place in the bill. */
  readonly line: number;
  readonly flow: string;
  readonly kind: 'fee' | 'fee-returned' | 'settled';
  readonly amount: string;
  readonly occurredAt: string;
  /** Whose payment or refund it belongs to; null where it is the platform's. */
  readonly customerId: string | null;
}

/** What the ledger was told of movements at channels, each once for ever. */
@Injectable()
export class ChannelMovements {
  constructor(private readonly database: Database) {}

  /** Some fees and settlements of a day's fund bill that were not told yet, in the bill's order, from after a line of it. */
  untold(
    { channel, day }: { readonly channel: string; readonly day: string },
    after: number,
    limit: number,
  ): Promise<NewMovement[]> {
    return this.database.query<NewMovement>(
      `SELECT line, flow, kind, trim_scale(amount) AS amount, at AS "occurredAt", COALESCE(
                (SELECT customer_id FROM top_up WHERE channel = $1 AND provider_reference = fund.reference),
                (SELECT customer_id FROM refund_item
                  WHERE channel = $1 AND provider_reference = fund.reference LIMIT 1)) AS "customerId"
         FROM fund_line AS fund
        WHERE channel = $1 AND day = $2 AND line > $3 AND kind IN ('fee', 'fee-returned', 'settled') AND amount > 0
          AND NOT EXISTS (SELECT 1 FROM channel_movement AS told WHERE told.channel = $1 AND told.flow = fund.flow)
        ORDER BY line LIMIT $4`,
      [channel, day, after, limit],
    );
  }

  /** Notes movements as told; gives the numbers of those that nobody noted before. */
  async note(
    tx: Tx,
    { channel, currency }: { readonly channel: string; readonly currency: string },
    movements: readonly (NewMovement & { readonly bookId: string })[],
  ): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ flow: string }>(
      `INSERT INTO channel_movement (channel, flow, kind, book_id, amount, currency, occurred_at)
       SELECT $2, flow, kind, "bookId", amount, $3, "occurredAt"
         FROM json_to_recordset($1) AS row (flow text, kind text, "bookId" text, amount numeric, "occurredAt" timestamptz)
       ON CONFLICT DO NOTHING RETURNING flow`,
      [JSON.stringify(movements), channel, currency],
    );
    return new Set(rows.map(({ flow }) => flow));
  }
}
