import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Orders, refunds and their items, what was asked of providers, and what they told. */
export class OrdersAndRefunds implements MigrationInterface {
  readonly name = 'OrdersAndRefunds0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
    await grantToApp(runner, 'SELECT, INSERT', 'idempotency_key');
    await grantToApp(runner, 'SELECT, INSERT, UPDATE', 'provider_attempt');
    await grantToApp(runner, 'SELECT, INSERT, UPDATE', 'provider_notification');
  }

  /** Migrations go forward only: what a provider was asked is never forgotten. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  // The id is also the number under which the provider knows the order. refunding and refunded are sums of its refund
  // items; the check is the last wall against paying back more than was paid.
  `CREATE TABLE top_up (
     top_up_id text PRIMARY KEY,
     customer_id text NOT NULL,
     channel text NOT NULL,
     amount numeric(38,18) NOT NULL CHECK (amount > 0),
     currency text NOT NULL,
     status text NOT NULL CHECK (status IN
       ('created', 'pending', 'unknown', 'succeeded', 'closed', 'failed', 'review', 'paid_back')),
     action_kind text,
     action_value text,
     provider_reference text,
     paid_at timestamptz,
     late boolean NOT NULL DEFAULT false,
     failure_code text,
     created_at timestamptz NOT NULL,
     expires_at timestamptz NOT NULL,
     settled_at timestamptz,
     check_at timestamptz,
     checks integer NOT NULL DEFAULT 0,
     refunding numeric(38,18) NOT NULL DEFAULT 0 CHECK (refunding >= 0),
     refunded numeric(38,18) NOT NULL DEFAULT 0 CHECK (refunded >= 0),
     refund_count integer NOT NULL DEFAULT 0,
     last_refund_at timestamptz,
     CHECK (refunding + refunded <= amount),
     CHECK (status <> 'succeeded' OR (provider_reference IS NOT NULL AND paid_at IS NOT NULL)))`,
  // One payment of a provider never pays two orders.
  `CREATE UNIQUE INDEX top_up_reference ON top_up (channel, provider_reference)
    WHERE provider_reference IS NOT NULL`,
  `CREATE INDEX top_up_of_customer ON top_up (customer_id, top_up_id DESC)`,
  `CREATE INDEX top_up_due ON top_up (check_at) WHERE check_at IS NOT NULL`,
  // Payments that credit nothing until two people decide.
  `CREATE TABLE top_up_question (
     top_up_id text NOT NULL REFERENCES top_up,
     provider_reference text NOT NULL,
     amount numeric(38,18) NOT NULL,
     currency text NOT NULL,
     paid_at timestamptz NOT NULL,
     reason text NOT NULL,
     resolution text CHECK (resolution IN ('credit', 'pay-back')),
     PRIMARY KEY (top_up_id, provider_reference))`,
  `CREATE TABLE refund (
     refund_id text PRIMARY KEY,
     customer_id text NOT NULL,
     close_out boolean NOT NULL,
     amount numeric(38,18) CHECK (amount > 0),
     currency text,
     status text NOT NULL CHECK (status IN
       ('requested', 'processing', 'succeeded', 'partially_succeeded', 'failed', 'refused')),
     refusal_code text,
     refundable numeric(38,18),
     rounding numeric(38,18),
     paid numeric(38,18),
     given_back numeric(38,18),
     requested_at timestamptz NOT NULL,
     closed_at timestamptz,
     CHECK (close_out OR amount IS NOT NULL))`,
  `CREATE INDEX refund_of_customer ON refund (customer_id, refund_id DESC)`,
  `CREATE TABLE refund_item (
     item_id text PRIMARY KEY,
     refund_id text NOT NULL REFERENCES refund,
     top_up_id text NOT NULL,
     customer_id text NOT NULL,
     channel text NOT NULL,
     amount numeric(38,18) NOT NULL CHECK (amount > 0),
     currency text NOT NULL,
     number text NOT NULL UNIQUE,
     status text NOT NULL CHECK (status IN
       ('created', 'submitting', 'unknown', 'processing', 'succeeded', 'failed', 'abnormal', 'queued_funds',
        'manual_payout')),
     provider_reference text,
     failure_code text,
     created_at timestamptz NOT NULL,
     ended_at timestamptz,
     check_at timestamptz,
     checks integer NOT NULL DEFAULT 0)`,
  `CREATE INDEX refund_item_of_refund ON refund_item (refund_id)`,
  `CREATE INDEX refund_item_due ON refund_item (check_at) WHERE check_at IS NOT NULL`,
  `CREATE INDEX refund_item_open ON refund_item (created_at) WHERE ended_at IS NULL`,
  // Written and committed before a provider is called: after a crash it says what may have happened there.
  `CREATE TABLE provider_attempt (
     attempt_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     subject_id text NOT NULL,
     operation text NOT NULL CHECK (operation IN ('create', 'close', 'refund')),
     outcome text NOT NULL DEFAULT 'prepared' CHECK (outcome IN ('prepared', 'ok', 'failed', 'unknown')),
     code text,
     message text,
     prepared_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     answered_at timestamptz)`,
  `CREATE INDEX provider_attempt_of_subject ON provider_attempt (subject_id, attempt_id)`,
  // What a provider told and proved, still sealed: evidence, not the key by which repeats are known.
  `CREATE TABLE provider_notification (
     channel text NOT NULL,
     event_key text NOT NULL,
     kind text NOT NULL,
     subject_id text,
     outcome text NOT NULL,
     serial text NOT NULL,
     body bytea NOT NULL,
     deliveries integer NOT NULL DEFAULT 1,
     received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (channel, event_key))`,
  // For ever: the same key with the same request gives the first answer, with another request it is refused.
  `CREATE TABLE idempotency_key (
     customer_id text NOT NULL,
     operation text NOT NULL,
     key text NOT NULL,
     request_hash bytea NOT NULL,
     subject_id text NOT NULL,
     recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     PRIMARY KEY (customer_id, operation, key))`,
];
