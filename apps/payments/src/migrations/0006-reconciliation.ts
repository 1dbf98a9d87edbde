import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The providers' daily bills, what was told to the ledger because of them, and where they differ from our books. */
export class Reconciliation implements MigrationInterface {
  readonly name = 'Reconciliation0000000000006';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
    await runner.query(`CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON channel_movement
                        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
    await grantToApp(runner, 'SELECT, INSERT', 'channel_movement');
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  // A bill that is whole in our tables; while its lines are written or replaced there is none. No lines: nothing happened.
  `CREATE TABLE bill (
     channel text NOT NULL,
     day date NOT NULL,
     kind text NOT NULL CHECK (kind IN ('trade', 'fund')),
     sha256 text NOT NULL,
     lines integer NOT NULL,
     loaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (channel, day, kind))`,
  `CREATE TABLE trade_line (
     channel text NOT NULL,
     day date NOT NULL,
     line integer NOT NULL,
     kind text NOT NULL CHECK (kind IN ('payment', 'refund')),
     number text NOT NULL,
     reference text NOT NULL,
     refund_number text NOT NULL,
     fund_reference text NOT NULL,
     amount numeric(38,18) NOT NULL,
     currency text NOT NULL,
     fee numeric(38,18) NOT NULL,
     at timestamptz NOT NULL,
     PRIMARY KEY (channel, day, line))`,
  `CREATE INDEX trade_line_reference ON trade_line (channel, reference)`,
  `CREATE INDEX trade_line_refund ON trade_line (channel, refund_number) WHERE refund_number <> ''`,
  `CREATE INDEX trade_line_fund ON trade_line (channel, fund_reference)`,
  `CREATE TABLE fund_line (
     channel text NOT NULL,
     day date NOT NULL,
     line integer NOT NULL,
     kind text NOT NULL CHECK (kind IN ('payment', 'fee', 'refund', 'fee-returned', 'settled', 'other')),
     direction text NOT NULL CHECK (direction IN ('in', 'out')),
     flow text NOT NULL,
     reference text NOT NULL,
     amount numeric(38,18) NOT NULL,
     balance numeric(38,18) NOT NULL,
     at timestamptz NOT NULL,
     PRIMARY KEY (channel, day, line))`,
  `CREATE INDEX fund_line_reference ON fund_line (channel, reference)`,
  // Fees and settlements that the ledger was told of, each once for ever by the provider's own number.
  `CREATE TABLE channel_movement (
     channel text NOT NULL,
     flow text NOT NULL,
     kind text NOT NULL CHECK (kind IN ('fee', 'fee-returned', 'settled')),
     book_id text NOT NULL,
     amount numeric(38,18) NOT NULL CHECK (amount > 0),
     currency text NOT NULL,
     occurred_at timestamptz NOT NULL,
     told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (channel, flow))`,
  // A day that was compared, with its figures; a later run of the same day replaces them.
  `CREATE TABLE reconciliation (
     channel text NOT NULL,
     day date NOT NULL,
     currency text NOT NULL,
     figures json NOT NULL,
     opening numeric(38,18) NOT NULL,
     closing numeric(38,18) NOT NULL,
     -- What the ledger's clearing account says at the end of the day; null until it was asked.
     clearing numeric(38,18),
     run_at timestamptz NOT NULL,
     run_by text NOT NULL,
     PRIMARY KEY (channel, day))`,
  `CREATE TABLE reconciliation_break (
     break_id text PRIMARY KEY,
     channel text NOT NULL,
     day date NOT NULL,
     class text NOT NULL,
     -- By which the same break is known when the day is compared again.
     key text NOT NULL,
     number text NOT NULL,
     reference text NOT NULL,
     theirs numeric(38,18),
     ours numeric(38,18),
     currency text NOT NULL,
     occurred_at timestamptz NOT NULL,
     proposed text NOT NULL,
     opened_at timestamptz NOT NULL,
     resolution text,
     resolved_at timestamptz,
     -- The two people's decision; null where the provider's own word resolved it.
     proposal_id text REFERENCES proposal_decision,
     UNIQUE (channel, class, key),
     CHECK ((resolution IS NULL) = (resolved_at IS NULL)))`,
  // A payment that the provider refused to send back may be sent again, under another number; never twice at the same time.
  `CREATE UNIQUE INDEX pay_back_once ON pay_back (channel, provider_reference) WHERE status <> 'failed'`,
  `CREATE INDEX reconciliation_break_open ON reconciliation_break (channel, opened_at) WHERE resolved_at IS NULL`,
  `CREATE INDEX reconciliation_break_of_day ON reconciliation_break (channel, day)`,
];
