import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What makes a proof, and a trial balance of an earlier day, cost the same however many books and entries there are. All of it
 * follows from the sealed heads and the entries: it may be thrown away, and is made again.
 */
export class BoundedProofsAndReports implements MigrationInterface {
  readonly name = 'BoundedProofsAndReports0000000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sql);
    for (const table of ['tree_page', 'daily_movement', 'summed_day'])
      await grantToApp(runner, 'SELECT, INSERT', table);
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const sql = `
  -- A stretch of the tree under a seal, by its own root: what two days have in common is kept once.
  CREATE TABLE tree_page (
    root bytea PRIMARY KEY,
    -- 0 where the nodes are leaves; above it, each node is the root of a page of the level below.
    level smallint NOT NULL CHECK (level >= 0),
    nodes bytea NOT NULL CHECK (length(nodes) % 32 = 0),
    -- The first book under each node.
    first_books text[] NOT NULL
  );

  -- What was recorded on a sealed day, by account and accounting date. Wallets of all customers are two accounts.
  CREATE TABLE daily_movement (
    day date NOT NULL REFERENCES sealed_day,
    account integer NOT NULL REFERENCES account,
    currency text NOT NULL,
    accounting_date date NOT NULL,
    debit numeric NOT NULL,
    credit numeric NOT NULL,
    PRIMARY KEY (day, account, currency, accounting_date)
  );

  -- The days that are summed: a quiet one has no movement.
  CREATE TABLE summed_day (day date PRIMARY KEY REFERENCES sealed_day);`;
