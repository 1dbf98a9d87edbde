import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Customers, their API keys, and the prices that metering published. */
export class CustomersAndKeys implements MigrationInterface {
  readonly name = 'CustomersAndKeys0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
    await grantToApp(runner, 'SELECT, INSERT, UPDATE', 'customer');
    await grantToApp(runner, 'SELECT, INSERT, UPDATE', 'api_key');
    await grantToApp(runner, 'SELECT, INSERT', 'price_version');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  `CREATE TABLE customer (
     customer_id text PRIMARY KEY,
     name text NOT NULL,
     plan_code text NOT NULL,
     plan_credits text NOT NULL,
     plan_amount text NOT NULL,
     currency text NOT NULL,
     rate_card_id text NOT NULL,
     time_zone text NOT NULL,
     status text NOT NULL CHECK (status IN ('active', 'suspended', 'draining', 'closed')),
     version integer NOT NULL CHECK (version > 0),
     idempotency_key text UNIQUE,
     request_fingerprint bytea,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     changed_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
  // The key itself is nowhere: its hash finds it, the first seven and the last four characters show it.
  `CREATE TABLE api_key (
     key_id text PRIMARY KEY,
     customer_id text NOT NULL REFERENCES customer,
     name text NOT NULL,
     hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
     display_prefix text NOT NULL,
     last_four text NOT NULL,
     status text NOT NULL CHECK (status IN ('active', 'revoked')),
     version integer NOT NULL CHECK (version > 0),
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     revoked_at timestamptz)`,
  `CREATE INDEX api_key_of_customer ON api_key (customer_id, created_at)`,
  `CREATE TABLE price_version (
     price_version_id text PRIMARY KEY,
     rate_card_id text NOT NULL,
     model text NOT NULL,
     currency text NOT NULL,
     effective_from timestamptz NOT NULL,
     terms json NOT NULL,
     limits json)`,
];
