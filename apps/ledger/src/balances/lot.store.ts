import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** What became of one top-up: amount = used + refunded + reserved + remaining. */
export interface LotView {
  readonly topUpId: string;
  readonly channel: string;
  readonly currency: string;
  readonly amount: string;
  readonly used: string;
  readonly refunded: string;
  readonly reserved: string;
  readonly remaining: string;
}

/** Lots, used up ones too. */
@Injectable()
export class LotStore {
  constructor(private readonly database: Database) {}

  /** The lots of a customer, oldest first. */
  ofCustomer(customerId: string): Promise<LotView[]> {
    return this.database.query<LotView>(sql, [customerId]);
  }
}

const text = (column: string): string => `trim_scale(l.${column})::text AS ${column}`;
const sql = `
  SELECT l.top_up_id AS "topUpId", l.channel, h.currency, ${['amount', 'used', 'refunded', 'reserved', 'remaining'].map(text).join(', ')}
    FROM lot l JOIN book_head h ON h.book_id = l.book_id WHERE l.book_id = $1 ORDER BY l.opened_by`;
