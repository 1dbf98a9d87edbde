import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Close-outs that wait until every hold of their customer has ended. */
export class DrainingRefunds implements MigrationInterface {
  readonly name = 'DrainingRefunds0000000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The request as it came; it goes when it is answered. What is lost with the database comes again from payments.
      CREATE TABLE draining_refund (
        book_id text NOT NULL,
        refund_id text NOT NULL,
        event text NOT NULL,
        asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (book_id, refund_id)
      )`);
    await grantToApp(runner, 'SELECT, INSERT, UPDATE, DELETE', 'draining_refund');
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}
