import type { MigrationInterface, QueryRunner } from 'typeorm';
import { grantToApp } from '../app-role.ts';

/** The tables through which a service sends and receives events exactly once in effect. First in every service's list. */
export class Messaging implements MigrationInterface {
  readonly name = 'Messaging0000000000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
    await grantToApp(runner, 'SELECT, INSERT', 'outbox');
    await grantToApp(runner, 'SELECT, INSERT', 'inbox');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  // The transaction id stands beside the row, because rows become visible in the order of commits and not of ids.
  `CREATE TABLE outbox (
     xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
     id bigint GENERATED ALWAYS AS IDENTITY,
     topic text NOT NULL,
     key text NOT NULL,
     event_id text NOT NULL,
     headers json NOT NULL,
     value text NOT NULL,
     recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (xid, id))`,
  `CREATE TABLE outbox_cursor (
     source text PRIMARY KEY,
     xid xid8 NOT NULL,
     id bigint NOT NULL,
     published_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
  `CREATE TABLE inbox (
     subject text NOT NULL,
     consumer text NOT NULL,
     event_id text NOT NULL,
     fingerprint bytea NOT NULL,
     applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (subject, consumer, event_id))`,
  `CREATE TABLE consumer_progress (
     consumer text NOT NULL,
     partition integer NOT NULL,
     next_offset bigint NOT NULL,
     moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (consumer, partition)) WITH (fillfactor = 50)`,
  `CREATE TABLE offset_incident (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     consumer text NOT NULL,
     partition integer NOT NULL,
     kind text NOT NULL CHECK (kind IN ('gap', 'regression')),
     expected_offset bigint NOT NULL,
     received_offset bigint NOT NULL,
     noticed_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
  `CREATE TABLE parked_message (
     id text PRIMARY KEY,
     consumer text NOT NULL,
     topic text NOT NULL,
     partition integer NOT NULL,
     record_offset bigint NOT NULL,
     digest bytea NOT NULL,
     key text NOT NULL,
     headers json NOT NULL,
     value bytea NOT NULL,
     event_id text,
     subject text,
     kind text NOT NULL CHECK (kind IN ('rejected', 'conflict', 'unprocessable')),
     reason text NOT NULL,
     status text NOT NULL DEFAULT 'parked' CHECK (status IN ('parked', 'redriven', 'discarded')),
     parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     ended_at timestamptz,
     UNIQUE (consumer, partition, record_offset, digest))`,
  `CREATE INDEX parked_message_open ON parked_message (parked_at) WHERE status = 'parked'`,
];
