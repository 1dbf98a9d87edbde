import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What became of calls that waited for a person, and which open calls have lost their hold. */
export class QuarantineResolutions implements MigrationInterface {
  readonly name = 'QuarantineResolutions0000000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(resolutions);
    await runner.query(expiredHolds);
    await grantToApp(runner, 'SELECT, INSERT', 'quarantine_resolution');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const resolutions = `
  -- One for each quarantined end of a call, by a person or by the time that has passed. Never changed.
  CREATE TABLE quarantine_resolution (
    id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    customer_id text NOT NULL,
    call_id text NOT NULL,
    event_id text NOT NULL,
    action text NOT NULL CHECK (action IN ('charge', 'close', 'expire')),
    reason text NOT NULL,
    -- The usage that a person put in the place of the impossible one, and what it cost.
    usage json,
    price_version_id text,
    charge numeric(38,18),
    currency text,
    actor text NOT NULL,
    client_id text NOT NULL,
    resolved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (customer_id, call_id, event_id),
    FOREIGN KEY (customer_id, call_id, event_id) REFERENCES quarantine,
    CHECK ((action = 'charge') = (charge IS NOT NULL AND usage IS NOT NULL))
  );
  CREATE FUNCTION quarantine_resolution_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'A resolution is never changed or taken back.' USING ERRCODE = 'restrict_violation';
  END $$;
  CREATE TRIGGER quarantine_resolution_final BEFORE UPDATE OR DELETE ON quarantine_resolution
    FOR EACH ROW EXECUTE FUNCTION quarantine_resolution_is_final();
  CREATE TRIGGER quarantine_resolution_kept BEFORE TRUNCATE ON quarantine_resolution
    FOR EACH STATEMENT EXECUTE FUNCTION quarantine_resolution_is_final();`;

const expiredHolds = `
  -- When the ledger let the hold of an open call go, because its gateway was not heard of.
  ALTER TABLE call ADD COLUMN hold_expired_at timestamptz;
  CREATE INDEX call_open_by_hold ON call (customer_id, hold_id) WHERE outcome IS NULL;`;
