import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What keys may do, until when, and how much of their rates is used. */
export class KeyPolicies implements MigrationInterface {
  readonly name = 'KeyPolicies0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
    await grantToApp(runner, 'SELECT, INSERT, UPDATE, DELETE', 'key_level');
    await grantToApp(runner, 'SELECT, INSERT, UPDATE, DELETE', 'key_calls');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  // Keys from before may do everything, as they could.
  `ALTER TABLE api_key ADD COLUMN policy json NOT NULL DEFAULT '{}', ADD COLUMN expires_at timestamptz`,
  // How much of its rates a key has used, shared by all replicas. What was used flows off with time, so rates that change
  // need no care. It is worth nothing after a crash, so it is not logged.
  `CREATE UNLOGGED TABLE key_level (
     key_id text PRIMARY KEY,
     requests double precision NOT NULL DEFAULT 0,
     tokens double precision NOT NULL DEFAULT 0,
     changed_at timestamptz NOT NULL)`,
  // Calls under way by key and replica. A replica that is not heard of for long has none.
  `CREATE UNLOGGED TABLE key_calls (
     key_id text NOT NULL,
     replica_id text NOT NULL,
     calls integer NOT NULL,
     alive_until timestamptz NOT NULL,
     PRIMARY KEY (key_id, replica_id))`,
  // One round trip for all calls that have gathered. Keys are locked in order, so that two replicas never wait for each other.
  `CREATE FUNCTION take_key_limits(replica text, alive_seconds integer, wanted_keys text[], rpms integer[], tpms integer[],
                                   concurrents integer[], wanted_tokens integer[])
   RETURNS TABLE (at_index integer, refused text, requests_used double precision, tokens_used double precision)
   LANGUAGE plpgsql AS $$
   DECLARE
     one record;
     level key_level%ROWTYPE;
     seconds double precision;
     moment timestamptz;
     open_calls bigint;
   BEGIN
     FOR one IN SELECT * FROM unnest(wanted_keys, rpms, tpms, concurrents, wanted_tokens)
                    WITH ORDINALITY AS t(key_id, rpm, tpm, concurrent, tokens, number) ORDER BY t.key_id, t.number LOOP
       INSERT INTO key_level (key_id, changed_at) VALUES (one.key_id, clock_timestamp()) ON CONFLICT DO NOTHING;
       SELECT * INTO level FROM key_level WHERE key_id = one.key_id FOR UPDATE;
       moment := clock_timestamp();
       seconds := greatest(0, extract(epoch FROM moment - level.changed_at));
       requests_used := CASE WHEN one.rpm IS NULL THEN 0 ELSE greatest(0, level.requests - seconds * one.rpm / 60) END;
       tokens_used := CASE WHEN one.tpm IS NULL THEN 0 ELSE greatest(0, level.tokens - seconds * one.tpm / 60) END;
       SELECT coalesce(sum(calls), 0) INTO open_calls
         FROM key_calls WHERE key_id = one.key_id AND alive_until > moment AND one.concurrent IS NOT NULL;
       at_index := one.number - 1;
       refused := CASE WHEN requests_used + 1 > one.rpm THEN 'requests'
                       WHEN tokens_used + least(one.tokens, one.tpm) > one.tpm THEN 'tokens'
                       WHEN open_calls >= one.concurrent THEN 'concurrency' END;
       IF refused IS NULL THEN
         requests_used := requests_used + 1;
         tokens_used := tokens_used + one.tokens;
         IF one.concurrent IS NOT NULL THEN
           INSERT INTO key_calls VALUES (one.key_id, replica, 1, moment + make_interval(secs => alive_seconds))
           ON CONFLICT (key_id, replica_id) DO UPDATE
             SET calls = CASE WHEN key_calls.alive_until > moment THEN key_calls.calls ELSE 0 END + 1,
                 alive_until = EXCLUDED.alive_until;
         END IF;
       END IF;
       UPDATE key_level SET requests = requests_used, tokens = tokens_used, changed_at = moment WHERE key_id = one.key_id;
       RETURN NEXT;
     END LOOP;
   END $$`,
];
