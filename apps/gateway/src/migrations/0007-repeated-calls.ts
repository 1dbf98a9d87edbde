import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Calls that a customer named by an Idempotency-Key, and how they were answered, for a day. */
export class RepeatedCalls implements MigrationInterface {
  readonly name = 'RepeatedCalls0000000000007';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
    await grantToApp(runner, 'SELECT, INSERT, UPDATE, DELETE', 'repeated_call');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  // Without an answer the call is under way, or its gateway died.
  `CREATE TABLE repeated_call (
     key_id text NOT NULL REFERENCES api_key,
     idempotency_key text NOT NULL,
     request_hash bytea NOT NULL,
     begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     call_id text,
     answer text,
     PRIMARY KEY (key_id, idempotency_key))`,
  'CREATE INDEX repeated_call_begun ON repeated_call (begun_at)',
];
