import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The latest statement of a bank is the one that was taken in last, not the one with the greatest id. */
export class LatestStatement implements MigrationInterface {
  readonly name = 'LatestStatement0000000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX bank_statement_latest');
    await runner.query(
      `CREATE INDEX bank_statement_latest ON bank_statement (bank, imported_at DESC, part DESC)
        WHERE quarantined IS NULL`,
    );
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}
