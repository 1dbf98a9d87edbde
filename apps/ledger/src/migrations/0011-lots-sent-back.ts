import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which top-ups were sent back in part is found without a look at all others: those may limit what a refund can take. */
export class LotsSentBack implements MigrationInterface {
  readonly name = 'LotsSentBack0000000000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- No column in it that a charge changes, so that a charge costs no index.
      CREATE INDEX lot_sent_back ON lot (book_id) WHERE sent > 0`);
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}
