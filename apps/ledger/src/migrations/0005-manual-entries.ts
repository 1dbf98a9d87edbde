import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Entries that people ask for, who approved them, the answers to requests with a key, closed periods, and the audit trail. */
export class ManualEntries implements MigrationInterface {
  readonly name = 'ManualEntries0000000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(adjustments);
    await runner.query(answers);
    await runner.query(periods);
    for (const table of [
      'adjustment',
      'adjustment_decision',
      'adjustment_outcome',
      'audit',
      'period_change',
    ]) {
      await runner.query(`CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
                          FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_journal()`);
      await grantToApp(runner, 'SELECT, INSERT', table);
    }
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const adjustments = `
  -- What one person asks for. The hash is of exactly these bytes, and the database computes it again.
  CREATE TABLE adjustment (
    adjustment_id text PRIMARY KEY,
    template text NOT NULL,
    -- The book of the entry; empty where none is made.
    book_id text NOT NULL,
    -- The event id of the entry that it may become.
    event_id text NOT NULL,
    -- What it is about, such as a charge or money in suspense; empty where there is no such thing.
    about_id text NOT NULL,
    payload text NOT NULL,
    payload_sha256 text NOT NULL CHECK (payload_sha256 = encode(sha256(convert_to(payload, 'UTF8')), 'hex')),
    reason text NOT NULL CHECK (length(btrim(reason)) >= 3),
    requested_by text NOT NULL,
    request_key text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL CHECK (expires_at > requested_at),
    UNIQUE (requested_by, request_key),
    UNIQUE (adjustment_id, payload_sha256, requested_by, expires_at)
  );
  CREATE INDEX adjustment_about ON adjustment (book_id, about_id) WHERE about_id <> '';

  -- What another person decided. Maker and checker differ, in time, for the same bytes: the database sees to it.
  CREATE TABLE adjustment_decision (
    adjustment_id text PRIMARY KEY,
    payload_sha256 text NOT NULL,
    requested_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('approved', 'rejected')),
    decided_by text NOT NULL,
    reason text NOT NULL CHECK (length(btrim(reason)) >= 3),
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT two_people CHECK (decided_by <> requested_by),
    CONSTRAINT in_time CHECK (decided_at <= expires_at),
    FOREIGN KEY (adjustment_id, payload_sha256, requested_by, expires_at)
      REFERENCES adjustment (adjustment_id, payload_sha256, requested_by, expires_at)
  );

  -- What became of an approved one: the entry, or the refusal.
  CREATE TABLE adjustment_outcome (
    adjustment_id text PRIMARY KEY REFERENCES adjustment_decision,
    version bigint,
    refusal text,
    detail text NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (version IS NULL OR refusal IS NULL)
  );

  -- Who did what by hand, for ever.
  CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    client_id text NOT NULL,
    action text NOT NULL,
    subject_id text NOT NULL,
    detail text NOT NULL
  );
  CREATE INDEX audit_by_subject ON audit (subject_id, id);`;

const answers = `
  -- The first answer to each request that carried a key; a row without an answer is under way.
  CREATE TABLE idempotent_answer (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status smallint,
    answer text,
    PRIMARY KEY (caller, key),
    CHECK ((status IS NULL) = (answer IS NULL))
  );`;

const periods = `
  -- Closing and opening of months, only ever added to. The last change of a month says what it is.
  CREATE TABLE period_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_day date NOT NULL CHECK (first_day = date_trunc('month', first_day)),
    closed boolean NOT NULL,
    adjustment_id text NOT NULL UNIQUE REFERENCES adjustment_decision,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX period_change_by_month ON period_change (first_day, id);

  CREATE VIEW closed_period AS
    SELECT first_day, (first_day + interval '1 month - 1 day')::date AS last_day, adjustment_id, changed_at
      FROM (SELECT DISTINCT ON (first_day) * FROM period_change ORDER BY first_day, id DESC) last_change
     WHERE closed;

  -- Called once by each statement that adds entries, with their accounting days. Whoever closes a month holds the same lock alone,
  -- so it waits for entries under way, and entries that come after it see it: a volatile function looks anew at each of its queries.
  CREATE FUNCTION refuse_closed_days(days date[]) RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('accounting periods', 0));
    IF EXISTS (SELECT FROM period_change) AND
       EXISTS (SELECT FROM unnest(days) AS day JOIN closed_period c ON day BETWEEN c.first_day AND c.last_day) THEN
      RAISE EXCEPTION 'an accounting day of the batch is closed' USING ERRCODE = 'HL003';
    END IF;
    RETURN true;
  END $$;`;
