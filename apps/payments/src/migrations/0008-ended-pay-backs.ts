import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A payment that was sent back has a day, so that the bill of that day is looked through for it. */
export class EndedPayBacks implements MigrationInterface {
  readonly name = 'EndedPayBacks0000000000008';

  /** What went back before has no time here, and its day was compared without it. */
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE pay_back ADD COLUMN ended_at timestamptz');
    await runner.query(
      `CREATE INDEX pay_back_ended ON pay_back (channel, ended_at) WHERE status = 'paid' AND ended_at IS NOT NULL`,
    );
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}
