import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is open in a book: holds, lots, refunds, waiting charges. All of it follows from the entries and can be rebuilt. */
export class OpenMatters implements MigrationInterface {
  readonly name = 'OpenMatters0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
    await grantToApp(runner, 'SELECT, INSERT', 'hold_end');
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const tables = `
  -- Open holds. finished_at is no projection: it says that the call finished, so that the hold is metering's and does not expire.
  CREATE TABLE hold (
    book_id text NOT NULL,
    hold_id text NOT NULL,
    amount numeric(38,18) NOT NULL CHECK (amount >= 0),
    expires_at timestamptz NOT NULL,
    call_id text,
    key_id text,
    lease_id text,
    budgets text NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (book_id, hold_id)
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

  -- How holds ended, for ever: a second ending is answered by the first.
  CREATE TABLE hold_end (
    book_id text NOT NULL,
    hold_id text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('settled', 'released', 'expired')),
    PRIMARY KEY (book_id, hold_id)
  );

  -- When a gateway was last heard of. Outside the journal, and no projection.
  CREATE TABLE lease (
    lease_id text PRIMARY KEY,
    renewed_at timestamptz NOT NULL,
    leased_until timestamptz NOT NULL
  ) WITH (fillfactor = 50);

  -- What became of each top-up. sent is what went back to the payer, or is on its way.
  CREATE TABLE lot (
    book_id text NOT NULL,
    top_up_id text NOT NULL,
    channel text NOT NULL,
    opened_by bigint NOT NULL,
    amount numeric(38,18) NOT NULL,
    used numeric(38,18) NOT NULL CHECK (used >= 0),
    refunded numeric(38,18) NOT NULL CHECK (refunded >= 0),
    reserved numeric(38,18) NOT NULL CHECK (reserved >= 0),
    remaining numeric(38,18) NOT NULL CHECK (remaining >= 0),
    sent numeric(38,18) NOT NULL CHECK (sent >= 0),
    PRIMARY KEY (book_id, top_up_id),
    CHECK (amount = used + refunded + reserved + remaining)
  ) WITH (fillfactor = 50);

  -- Refunds; items are those that are neither paid nor failed, none where the refund has closed.
  CREATE TABLE refund (
    book_id text NOT NULL,
    refund_id text NOT NULL,
    total numeric(38,18) NOT NULL,
    paid numeric(38,18) NOT NULL,
    given_back numeric(38,18) NOT NULL,
    items text NOT NULL,
    PRIMARY KEY (book_id, refund_id)
  );

  -- Charges without a hold that wait for money, by the version of the entry that brought them.
  CREATE TABLE waiting_charge (
    book_id text NOT NULL,
    charge_id text NOT NULL,
    key_id text,
    amount numeric(38,18) NOT NULL,
    event_id text NOT NULL,
    waits_until timestamptz NOT NULL,
    queued_by bigint NOT NULL,
    PRIMARY KEY (book_id, charge_id)
  );

  -- Stops a batch that was decided on heads that have moved since. Says so by an error, because a statement that has
  -- begun to write can be undone in no other way.
  CREATE FUNCTION refuse_stale_batch() RETURNS timestamptz LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'a book has moved since the batch was decided' USING ERRCODE = 'HL002';
  END $$;`;
