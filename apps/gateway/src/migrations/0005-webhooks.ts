import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What customers want to be told of, where, and what became of telling them. */
export class Webhooks implements MigrationInterface {
  readonly name = 'Webhooks0000000000005';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
    await grantToApp(runner, 'SELECT, INSERT, DELETE', 'balance_alert');
    await grantToApp(runner, 'SELECT, INSERT, UPDATE', 'webhook_endpoint');
    await grantToApp(runner, 'SELECT, INSERT, UPDATE, DELETE', 'webhook_delivery');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  `CREATE TABLE balance_alert (
     customer_id text NOT NULL REFERENCES customer,
     threshold numeric(38,18) NOT NULL CHECK (threshold > 0),
     since timestamptz NOT NULL,
     PRIMARY KEY (customer_id, threshold))`,
  // Its secret is nowhere: it follows from the service's own secret, this id and the number.
  `CREATE TABLE webhook_endpoint (
     endpoint_id text PRIMARY KEY,
     customer_id text NOT NULL REFERENCES customer,
     url text NOT NULL,
     description text NOT NULL,
     events text[] NOT NULL,
     status text NOT NULL CHECK (status IN ('enabled', 'disabled', 'deleted')),
     disabled_reason text CHECK (disabled_reason IN ('customer', 'failing', 'gone')),
     secret_number integer NOT NULL DEFAULT 1 CHECK (secret_number > 0),
     previous_secret_until timestamptz,
     failing_since timestamptz,
     created_at timestamptz NOT NULL,
     CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL)))`,
  `CREATE INDEX webhook_endpoint_of_customer ON webhook_endpoint (customer_id, created_at) WHERE status <> 'deleted'`,
  // An event goes to an endpoint once, however often it is heard of. A delivery that somebody is at is due again after his lease.
  `CREATE TABLE webhook_delivery (
     delivery_id text PRIMARY KEY,
     endpoint_id text NOT NULL REFERENCES webhook_endpoint,
     customer_id text NOT NULL,
     event_id text NOT NULL,
     type text NOT NULL,
     body text NOT NULL,
     status text NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
     attempts integer NOT NULL DEFAULT 0,
     next_attempt_at timestamptz,
     last_attempt_at timestamptz,
     response_status integer,
     failure text,
     created_at timestamptz NOT NULL,
     UNIQUE (endpoint_id, event_id),
     CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)))`,
  `CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, next_attempt_at) WHERE status = 'pending'`,
  `CREATE INDEX webhook_delivery_log ON webhook_delivery (endpoint_id, created_at, delivery_id)`,
  `CREATE INDEX webhook_delivery_ended ON webhook_delivery (created_at) WHERE status <> 'pending'`,
];
