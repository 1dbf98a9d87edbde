import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How an order is to be paid, and when each refund item was first sent: the count of an order's refunds follows from it. */
export class WaysToPay implements MigrationInterface {
  readonly name = 'WaysToPay0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  /** Migrations go forward only: what a provider was asked is never forgotten. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  `ALTER TABLE top_up
     ADD COLUMN method text NOT NULL DEFAULT 'qr' CHECK (method IN ('qr', 'page', 'jsapi')),
     ADD COLUMN payer text,
     ADD COLUMN return_url text`,
  `ALTER TABLE refund_item ADD COLUMN sent_at timestamptz`,
  // What was sent before has an attempt.
  `UPDATE refund_item SET sent_at = (
     SELECT min(prepared_at) FROM provider_attempt WHERE subject_id = item_id AND operation = 'refund')`,
  `ALTER TABLE top_up DROP COLUMN refund_count`,
  `CREATE INDEX refund_item_of_top_up ON refund_item (top_up_id)`,
];
