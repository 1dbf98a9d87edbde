import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A call gives back what it did not use only as far as that has not flowed off meanwhile. Otherwise what a long call gave back
 * would be room that other calls had filled, and up to twice the rate would pass.
 */
export class TokensGivenBack implements MigrationInterface {
  readonly name = 'TokensGivenBack0000000000008';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  // How many tokens were given back, ever: what is given back moves down all that was taken before.
  `ALTER TABLE key_level ADD COLUMN given_back double precision NOT NULL DEFAULT 0`,
  `DROP FUNCTION take_key_limits`,
  // As before, and it says how much was given back until now.
  `CREATE FUNCTION take_key_limits(replica text, alive_seconds integer, wanted_keys text[], rpms integer[], tpms integer[],
                                   concurrents integer[], wanted_tokens integer[])
   RETURNS TABLE (at_index integer, refused text, requests_used double precision, tokens_used double precision, given_back double precision)
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
       given_back := level.given_back;
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
  // Calls end one after the other, each where it finds what those before it left.
  `CREATE FUNCTION end_key_calls(ended_keys text[], ended_mores double precision[], ended_levels double precision[],
                                 ended_given_backs double precision[], ended_flows double precision[])
   RETURNS void LANGUAGE plpgsql AS $$
   DECLARE
     one record;
     level key_level%ROWTYPE;
     returned double precision;
   BEGIN
     FOR one IN SELECT * FROM unnest(ended_keys, ended_mores, ended_levels, ended_given_backs, ended_flows)
                    AS t(key_id, more, level_then, given_back_then, flowed) ORDER BY t.key_id LOOP
       SELECT * INTO level FROM key_level WHERE key_id = one.key_id FOR UPDATE;
       CONTINUE WHEN NOT FOUND;
       -- Where the top of this call's tokens is now: lower by what flowed off and by what was given back since.
       returned := greatest(0, least(-one.more, one.level_then - one.flowed - (level.given_back - one.given_back_then)));
       UPDATE key_level SET tokens = greatest(0, tokens + CASE WHEN one.more > 0 THEN one.more ELSE -returned END),
                            given_back = given_back + returned
        WHERE key_id = one.key_id;
     END LOOP;
   END $$`,
];
