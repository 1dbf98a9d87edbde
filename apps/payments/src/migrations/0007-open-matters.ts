import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A payout that nobody needs any more ends, and what waits is counted without reading what has ended. */
export class OpenMatters implements MigrationInterface {
  readonly name = 'OpenMatters0000000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE payout DROP CONSTRAINT payout_status_check');
    await runner.query(
      `ALTER TABLE payout ADD CONSTRAINT payout_status_check
         CHECK (status IN ('approved', 'filed', 'paid', 'bounced', 'withdrawn'))`,
    );
    await runner.query(
      `UPDATE payout SET status = 'withdrawn' FROM refund_item AS item
        WHERE payout.status = 'approved' AND kind = 'refund-item' AND item_id = subject_id AND ended_at IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX refund_open ON refund (requested_at) WHERE closed_at IS NULL AND status <> 'refused'`,
    );
    await runner.query(
      'CREATE INDEX top_up_question_open ON top_up_question (top_up_id) WHERE resolution IS NULL',
    );
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}
