import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Bank statements and their lines, companies that remit, money in suspense, payouts, and what two people decide. */
export class BankTransfers implements MigrationInterface {
  readonly name = 'BankTransfers0000000000004';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...people, ...banks, ...topUps]) await runner.query(statement);
    for (const table of ['proposal', 'proposal_decision', 'audit']) {
      await runner.query(`CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
                          FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
      await grantToApp(runner, 'SELECT, INSERT', table);
    }
    await grantToApp(runner, 'SELECT, INSERT', 'bank_statement');
    await grantToApp(runner, 'SELECT, INSERT, UPDATE', 'bank_line');
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const people = [
  `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = '42501'; END $$`,
  // What one person asks for. The hash is of exactly these bytes, and the database computes it again.
  `CREATE TABLE proposal (
     proposal_id text PRIMARY KEY,
     kind text NOT NULL,
     subject_id text NOT NULL,
     payload text NOT NULL,
     payload_sha256 text NOT NULL CHECK (payload_sha256 = encode(sha256(convert_to(payload, 'UTF8')), 'hex')),
     reason text NOT NULL CHECK (length(btrim(reason)) >= 3),
     proposed_by text NOT NULL,
     proposed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     UNIQUE (proposal_id, payload_sha256, proposed_by))`,
  `CREATE INDEX proposal_of_subject ON proposal (subject_id)`,
  // What another person decided about the same bytes: the database sees to it that it is another one.
  `CREATE TABLE proposal_decision (
     proposal_id text PRIMARY KEY,
     payload_sha256 text NOT NULL,
     proposed_by text NOT NULL,
     verdict text NOT NULL CHECK (verdict IN ('approved', 'rejected')),
     decided_by text NOT NULL,
     decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     CONSTRAINT two_people CHECK (decided_by <> proposed_by),
     FOREIGN KEY (proposal_id, payload_sha256, proposed_by)
       REFERENCES proposal (proposal_id, payload_sha256, proposed_by))`,
  // Who did what by hand, for ever.
  `CREATE TABLE audit (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     actor text NOT NULL,
     action text NOT NULL,
     subject_id text NOT NULL,
     detail text NOT NULL)`,
  `CREATE INDEX audit_of_subject ON audit (subject_id, id)`,
];

const banks = [
  // What the gateway tells of customers, as far as it matters here.
  `CREATE TABLE customer (
     customer_id text PRIMARY KEY, status text NOT NULL, currency text NOT NULL, changed_at timestamptz NOT NULL)`,
  // One code for ever; the name of the account is believed once two people have verified it.
  `CREATE TABLE remitting_company (
     customer_id text PRIMARY KEY, code text NOT NULL UNIQUE, verified_name text, verified_by_proposal text)`,
  `CREATE TABLE bank_statement (
     statement_id text PRIMARY KEY,
     bank text NOT NULL,
     format text NOT NULL,
     file_sha256 text NOT NULL,
     part integer NOT NULL,
     sequence integer,
     currency text NOT NULL,
     opening numeric(38,18) NOT NULL,
     closing numeric(38,18) NOT NULL,
     -- Why nothing of it was booked; null where all of it was.
     quarantined text,
     body bytea NOT NULL,
     imported_by text NOT NULL,
     imported_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
  `CREATE UNIQUE INDEX bank_statement_once ON bank_statement (bank, file_sha256, part) WHERE quarantined IS NULL`,
  `CREATE INDEX bank_statement_latest ON bank_statement (bank, statement_id DESC) WHERE quarantined IS NULL`,
  `CREATE TABLE bank_line (
     line_id text PRIMARY KEY,
     statement_id text NOT NULL REFERENCES bank_statement,
     bank text NOT NULL,
     direction text NOT NULL CHECK (direction IN ('credit', 'debit')),
     amount numeric(38,18) NOT NULL CHECK (amount > 0),
     currency text NOT NULL,
     booked_on date NOT NULL,
     reference text,
     -- By which the same movement is known in another file.
     fingerprint text NOT NULL,
     party_name text NOT NULL,
     party_account text NOT NULL,
     memo text NOT NULL,
     status text NOT NULL CHECK (status IN ('credited', 'suspense', 'settlement', 'paid_out', 'unexplained')),
     reason text,
     customer_id text,
     -- The top-up, the money in suspense or the payout that it is.
     subject_id text,
     UNIQUE (bank, fingerprint))`,
  `CREATE INDEX bank_line_open ON bank_line (bank, line_id) WHERE status IN ('unexplained', 'suspense')`,
  // Money that came in and is nobody's yet. Its parts never exceed it.
  `CREATE TABLE suspense (
     suspense_id text PRIMARY KEY,
     channel text NOT NULL,
     source_id text NOT NULL UNIQUE,
     amount numeric(38,18) NOT NULL CHECK (amount > 0),
     currency text NOT NULL,
     reason text NOT NULL,
     -- Whose it may be, as far as one can tell.
     customer_id text,
     party_name text NOT NULL,
     party_account text NOT NULL,
     received_at timestamptz NOT NULL,
     assigned numeric(38,18) NOT NULL DEFAULT 0 CHECK (assigned >= 0),
     going_back numeric(38,18) NOT NULL DEFAULT 0 CHECK (going_back >= 0),
     returned numeric(38,18) NOT NULL DEFAULT 0 CHECK (returned >= 0),
     CHECK (assigned + going_back + returned <= amount))`,
  `CREATE INDEX suspense_open ON suspense (received_at) WHERE assigned + returned < amount`,
  `CREATE TABLE payout_file (
     file_id text PRIMARY KEY, bank text NOT NULL, body text NOT NULL, made_by text NOT NULL,
     made_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
  // Money that leaves by bank; only the statement's debit line says that it did.
  `CREATE TABLE payout (
     number text PRIMARY KEY,
     kind text NOT NULL CHECK (kind IN ('refund-item', 'suspense')),
     subject_id text NOT NULL,
     bank text NOT NULL,
     amount numeric(38,18) NOT NULL CHECK (amount > 0),
     currency text NOT NULL,
     payee_name text NOT NULL CHECK (payee_name <> ''),
     payee_account text NOT NULL CHECK (payee_account <> ''),
     proposal_id text NOT NULL REFERENCES proposal_decision,
     file_id text REFERENCES payout_file DEFERRABLE INITIALLY DEFERRED,
     status text NOT NULL DEFAULT 'approved' CHECK (status IN ('approved', 'filed', 'paid', 'bounced')),
     bank_reference text,
     paid_at timestamptz)`,
  // Payments of a provider that two people send back; only the provider says that they went.
  `CREATE TABLE pay_back (
     number text PRIMARY KEY,
     suspense_id text NOT NULL REFERENCES suspense,
     top_up_id text NOT NULL REFERENCES top_up,
     channel text NOT NULL,
     provider_reference text NOT NULL,
     amount numeric(38,18) NOT NULL CHECK (amount > 0),
     currency text NOT NULL,
     status text NOT NULL DEFAULT 'approved' CHECK (status IN ('approved', 'sent', 'paid', 'failed')),
     checks integer NOT NULL DEFAULT 0,
     check_at timestamptz)`,
  `CREATE INDEX pay_back_due ON pay_back (check_at) WHERE check_at IS NOT NULL`,
  `CREATE UNIQUE INDEX payout_of_item ON payout (subject_id) WHERE kind = 'refund-item' AND status <> 'bounced'`,
];

const topUps = [
  `ALTER TABLE top_up DROP CONSTRAINT top_up_method_check`,
  `ALTER TABLE top_up ADD CONSTRAINT top_up_method_check CHECK (method IN ('qr', 'page', 'jsapi', 'transfer'))`,
  // What was credited, where two people credited another amount than was ordered.
  `ALTER TABLE top_up ADD COLUMN credited numeric(38,18) CHECK (credited > 0)`,
  `ALTER TABLE top_up DROP CONSTRAINT top_up_check`,
  `ALTER TABLE top_up ADD CONSTRAINT top_up_check CHECK (refunding + refunded <= COALESCE(credited, amount))`,
];
