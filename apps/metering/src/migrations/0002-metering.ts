import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Customers as metering needs them, price versions, calls with their roll-ups, and what internal services reported. */
export class MeteringTables implements MigrationInterface {
  readonly name = 'MeteringTables0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [customers, prices, calls, rollUps, quarantine, usageRecords]) {
      await runner.query(statement);
    }
    await grantToApp(runner, 'SELECT, INSERT', 'price_version');
    await grantToApp(runner, 'SELECT, INSERT', 'usage_record');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const customers = `
  CREATE TABLE customer (
    customer_id text PRIMARY KEY,
    plan_code text NOT NULL,
    plan_credits numeric NOT NULL CHECK (plan_credits > 0),
    plan_amount numeric NOT NULL CHECK (plan_amount > 0),
    currency text NOT NULL,
    rate_card text NOT NULL,
    time_zone text NOT NULL,
    status text NOT NULL,
    changed_at timestamptz NOT NULL
  );`;

const prices = `
  -- In force from effective_from until the next version of the same model on the same card begins. Never changed.
  CREATE TABLE price_version (
    price_version_id text PRIMARY KEY,
    rate_card text NOT NULL,
    model text NOT NULL,
    currency text NOT NULL,
    effective_from timestamptz NOT NULL,
    announced_at timestamptz NOT NULL,
    terms json NOT NULL,
    limits json,
    UNIQUE (rate_card, model, effective_from)
  );
  CREATE FUNCTION price_version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'A published price is never changed or taken back.' USING ERRCODE = 'restrict_violation';
  END $$;
  CREATE TRIGGER price_version_immutable BEFORE UPDATE OR DELETE ON price_version
    FOR EACH ROW EXECUTE FUNCTION price_version_is_immutable();
  CREATE TRIGGER price_version_kept BEFORE TRUNCATE ON price_version
    FOR EACH STATEMENT EXECUTE FUNCTION price_version_is_immutable();`;

const calls = `
  -- One line per call. Without an outcome it is open, until its end or its deadline.
  CREATE TABLE call (
    customer_id text NOT NULL,
    call_id text NOT NULL,
    source text NOT NULL,
    key_id text,
    hold_id text,
    model text NOT NULL,
    endpoint text NOT NULL,
    price_version_id text,
    rate_card text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    deadline timestamptz,
    -- The partition its events come from: an open call is given up only when that partition is read to its end.
    partition integer,
    status_code smallint,
    tokens jsonb NOT NULL DEFAULT '{}',
    units jsonb NOT NULL DEFAULT '{}',
    usage_source text,
    estimated boolean NOT NULL DEFAULT false,
    raw_usage text,
    currency text,
    charge numeric(38,18) CHECK (charge >= 0),
    lines json,
    outcome text CHECK (outcome IN ('charged', 'uncharged', 'quarantined')),
    reason text,
    PRIMARY KEY (customer_id, call_id),
    CHECK (CASE outcome
             WHEN 'charged' THEN charge IS NOT NULL AND currency IS NOT NULL AND price_version_id IS NOT NULL
             ELSE charge IS NULL END),
    CHECK (outcome IS NOT NULL OR deadline IS NOT NULL)
  );
  CREATE INDEX call_by_time ON call (customer_id, occurred_at DESC, call_id DESC);
  CREATE INDEX call_open ON call (deadline) WHERE outcome IS NULL;`;

const kinds = [
  'input',
  'cached_input',
  'cache_write',
  'cache_write_1h',
  'cache_write_12h',
  'input_audio',
  'cached_input_audio',
  'input_image',
  'cached_input_image',
  'output',
  'output_audio',
  'output_image',
];
const units = ['image', 'second', 'request'];
const counts = [...kinds.map((kind) => `tokens_${kind}`), ...units.map((unit) => `units_${unit}`)]
  .map((column) => `${column} bigint NOT NULL`)
  .join(', ');

const rollUps = `
  -- Sums of ended calls by quarter of an hour: every zone's midnight falls on a quarter, though not on a full hour of UTC.
  CREATE TABLE usage_quarter (
    customer_id text NOT NULL,
    quarter timestamptz NOT NULL,
    model text NOT NULL,
    key_id text NOT NULL,
    endpoint text NOT NULL,
    price_version_id text NOT NULL,
    source text NOT NULL,
    currency text NOT NULL,
    requests bigint NOT NULL,
    ${counts},
    charge numeric(38,18) NOT NULL,
    PRIMARY KEY (customer_id, quarter, model, key_id, endpoint, price_version_id, source, currency)
  ) WITH (fillfactor = 70);
  -- Cards on which a call was rated: their past is closed for new prices.
  CREATE TABLE rated_card (
    rate_card text PRIMARY KEY,
    first_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );`;

const quarantine = `
  -- Calls and ends of calls that wait for a person: neither charged nor lost. The event stays as it came.
  CREATE TABLE quarantine (
    customer_id text NOT NULL,
    call_id text NOT NULL,
    event_id text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    event json NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolved_at timestamptz,
    PRIMARY KEY (customer_id, call_id, event_id)
  );
  CREATE INDEX quarantine_open ON quarantine (quarantined_at) WHERE resolved_at IS NULL;`;

const usageRecords = `
  -- What internal services reported; the pair (source, source_id) is unique for ever.
  CREATE TABLE usage_record (
    source text NOT NULL,
    source_id text NOT NULL,
    call_id text NOT NULL,
    customer_id text NOT NULL,
    fingerprint bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (source, source_id)
  );`;
