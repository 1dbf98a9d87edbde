import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A call gives back what it did not use as if it had never taken it. Of a rate that flows off and stops at zero, that is the
 * smaller of what it did not use and the lowest level since it began: below that, it has flowed off, and may be taken again.
 * What other calls gave back meanwhile counted against it before, even of calls that began later, and left a key with less
 * than its rate.
 */
export class LowestLevels implements MigrationInterface {
  readonly name = 'LowestLevels0000000000009';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  // How many calls the key has made, and the lowest levels on the way: `lows[i]` was the lowest after call `low_calls[i]` at
  // the latest and since the call of the entry before. Both rise. An entry is kept where it is a 64th of the rate above the
  // last, so that there are few.
  `ALTER TABLE key_level DROP COLUMN given_back,
     ADD COLUMN calls bigint NOT NULL DEFAULT 0,
     ADD COLUMN low_calls bigint[] NOT NULL DEFAULT '{}',
     ADD COLUMN lows double precision[] NOT NULL DEFAULT '{}'`,
  `DROP FUNCTION take_key_limits`,
  `DROP FUNCTION end_key_calls`,
  // The level as it is before a call takes of it.
  `CREATE FUNCTION note_key_low(INOUT level key_level, used double precision, tpm integer) LANGUAGE plpgsql AS $$
   DECLARE
     kept integer := cardinality(level.lows);
   BEGIN
     WHILE kept > 0 AND level.lows[kept] >= used LOOP kept := kept - 1; END LOOP;
     IF kept > 0 AND used - level.lows[kept] < tpm / 64.0 THEN
       level.lows := level.lows[:kept];
       level.low_calls := level.low_calls[:kept - 1] || level.calls;
     ELSE
       level.lows := level.lows[:kept] || used;
       level.low_calls := level.low_calls[:kept] || level.calls;
     END IF;
   END $$`,
  // As before, and it gives the call its number.
  `CREATE FUNCTION take_key_limits(replica text, alive_seconds integer, wanted_keys text[], rpms integer[], tpms integer[],
                                   concurrents integer[], wanted_tokens integer[])
   RETURNS TABLE (at_index integer, refused text, requests_used double precision, tokens_used double precision, call_number bigint)
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
         IF one.tpm IS NOT NULL THEN level := note_key_low(level, tokens_used, one.tpm); END IF;
         level.calls := level.calls + 1;
         requests_used := requests_used + 1;
         tokens_used := tokens_used + one.tokens;
         IF one.concurrent IS NOT NULL THEN
           INSERT INTO key_calls VALUES (one.key_id, replica, 1, moment + make_interval(secs => alive_seconds))
           ON CONFLICT (key_id, replica_id) DO UPDATE
             SET calls = CASE WHEN key_calls.alive_until > moment THEN key_calls.calls ELSE 0 END + 1,
                 alive_until = EXCLUDED.alive_until;
         END IF;
       END IF;
       call_number := level.calls;
       UPDATE key_level
          SET requests = requests_used, tokens = tokens_used, changed_at = moment,
              calls = level.calls, low_calls = level.low_calls, lows = level.lows
        WHERE key_id = one.key_id;
       RETURN NEXT;
     END LOOP;
   END $$`,
  // Calls end one after the other, each where it finds what those before it left.
  `CREATE FUNCTION end_key_calls(ended_keys text[], ended_numbers bigint[], ended_mores double precision[], ended_tpms integer[])
   RETURNS void LANGUAGE plpgsql AS $$
   DECLARE
     one record;
     level key_level%ROWTYPE;
     flowed double precision;
     lowest double precision;
     returned double precision;
     since integer;
     before integer;
   BEGIN
     FOR one IN SELECT * FROM unnest(ended_keys, ended_numbers, ended_mores, ended_tpms) AS t(key_id, number, more, tpm)
                 WHERE t.tpm IS NOT NULL ORDER BY t.key_id LOOP
       SELECT * INTO level FROM key_level WHERE key_id = one.key_id FOR UPDATE;
       CONTINUE WHEN NOT FOUND;
       flowed := greatest(0, extract(epoch FROM clock_timestamp() - level.changed_at)) * one.tpm / 60;
       IF one.more >= 0 THEN
         UPDATE key_level SET tokens = greatest(level.tokens, flowed) + one.more WHERE key_id = one.key_id;
         CONTINUE;
       END IF;
       since := cardinality(level.lows) + 1;
       WHILE since > 1 AND level.low_calls[since - 1] >= one.number LOOP since := since - 1; END LOOP;
       lowest := least(greatest(0, level.tokens - flowed), coalesce(level.lows[since], level.tokens));
       returned := least(-one.more, lowest);
       -- As if it had never been taken: the levels since are lower by it.
       before := since - 1;
       WHILE before > 0 AND level.lows[before] >= lowest - returned LOOP before := before - 1; END LOOP;
       UPDATE key_level
          SET tokens = level.tokens - returned,
              low_calls = level.low_calls[:before] || level.low_calls[since:],
              lows = level.lows[:before] || ARRAY(SELECT low - returned FROM unnest(level.lows[since:]) AS low)
        WHERE key_id = one.key_id;
     END LOOP;
   END $$`,
];
