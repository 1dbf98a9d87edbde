import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A statement finds what occurred in its period without a look at the whole book. */
export class EntriesOutOfTime implements MigrationInterface {
  readonly name = 'EntriesOutOfTime0000000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Entries that were recorded before they occurred, or more than a minute later. All others are found by when they were
      -- recorded, so that an entry costs no further index.
      CREATE INDEX entry_out_of_time ON entry (book_id, occurred_at, recorded_at)
       WHERE recorded_at - occurred_at < interval '0' OR recorded_at - occurred_at > interval '1 minute'`);
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}
