import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What calls cost us: one by one, and in the sums of each batch. */
export class Margins implements MigrationInterface {
  readonly name = 'Margins0000000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(costs);
    await runner.query(margins);
    await grantToApp(runner, 'SELECT, INSERT', 'call_cost');
    await grantToApp(runner, 'SELECT, INSERT', 'margin');
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const costs = `
  CREATE TABLE call_cost (
    customer_id text NOT NULL,
    call_id text NOT NULL,
    upstream text NOT NULL,
    currency text NOT NULL,
    cost numeric(38,18) NOT NULL CHECK (cost >= 0),
    PRIMARY KEY (customer_id, call_id)
  );`;

const margins = `
  -- The sums of one batch of ended calls. Never changed, so no batch waits for another; a day is summed when it is read.
  CREATE TABLE margin (
    batch_id text NOT NULL,
    -- The day in Asia/Shanghai: the accounting date of the cost in the ledger.
    day date NOT NULL,
    model text NOT NULL,
    price_version_id text NOT NULL,
    -- Empty where our cost is not known.
    upstream text NOT NULL,
    currency text NOT NULL,
    calls bigint NOT NULL,
    uncharged bigint NOT NULL,
    charge numeric(38,18) NOT NULL,
    cost numeric(38,18) NOT NULL,
    PRIMARY KEY (day, batch_id, model, price_version_id, upstream, currency)
  );`;
