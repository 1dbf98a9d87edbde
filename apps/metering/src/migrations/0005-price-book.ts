import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The inputs of prices, what upstreams charge us, who published, and what waits for a second person. */
export class PriceBook implements MigrationInterface {
  readonly name = 'PriceBook0000000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(versions);
    await runner.query(proposals);
    for (const table of ['price_proposal', 'price_decision', 'price_outcome'])
      await grantToApp(runner, 'SELECT, INSERT', table);
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const versions = `
  ALTER TABLE price_version
    -- Whether the prices follow from the inputs by our own arithmetic, or are listed with inputs only stated beside them.
    ADD COLUMN basis text NOT NULL DEFAULT 'listed' CHECK (basis IN ('listed', 'derived')),
    ADD COLUMN derivation json,
    -- What upstreams charge us for the model, with the inputs; the first one counts where a call names none.
    ADD COLUMN costs json NOT NULL DEFAULT '[]',
    ADD COLUMN published_by text,
    ADD COLUMN proposal_id text,
    ADD CHECK (basis = 'listed' OR derivation IS NOT NULL);
  CREATE INDEX price_version_by_announcement ON price_version (announced_at, price_version_id);`;

const proposals = `
  -- What one person would publish, beyond the limit that one person may decide. The hash is of exactly these bytes.
  CREATE TABLE price_proposal (
    proposal_id text PRIMARY KEY,
    payload text NOT NULL,
    payload_sha256 text NOT NULL CHECK (payload_sha256 = encode(sha256(convert_to(payload, 'UTF8')), 'hex')),
    -- The predicted change of revenue that the first person was shown, and the limit that it is beyond.
    impact json NOT NULL,
    limit_percent numeric NOT NULL,
    reason text NOT NULL CHECK (length(btrim(reason)) >= 3),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL CHECK (expires_at > proposed_at),
    UNIQUE (proposal_id, payload_sha256, proposed_by, expires_at)
  );

  -- What another person decided: in time, about the same bytes, and never the one who proposed. The database sees to it.
  CREATE TABLE price_decision (
    proposal_id text PRIMARY KEY,
    payload_sha256 text NOT NULL,
    proposed_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('approved', 'rejected')),
    reason text NOT NULL CHECK (length(btrim(reason)) >= 3),
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT two_people CHECK (decided_by <> proposed_by),
    CONSTRAINT in_time CHECK (decided_at <= expires_at),
    FOREIGN KEY (proposal_id, payload_sha256, proposed_by, expires_at)
      REFERENCES price_proposal (proposal_id, payload_sha256, proposed_by, expires_at)
  );

  -- What became of an approved one: published, or refused because its time had come meanwhile.
  CREATE TABLE price_outcome (
    proposal_id text PRIMARY KEY REFERENCES price_decision,
    outcome text NOT NULL CHECK (outcome IN ('published', 'refused')),
    detail text NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );

  CREATE FUNCTION price_deeds_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'Who proposed and approved a price is never changed or taken back.' USING ERRCODE = 'restrict_violation';
  END $$;
  ${['price_proposal', 'price_decision', 'price_outcome']
    .map(
      (table) => `CREATE TRIGGER ${table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION price_deeds_are_kept();`,
    )
    .join('\n  ')}`;
