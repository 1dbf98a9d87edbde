import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = ['day_cut', 'sealed_head', 'sealed_day'] as const;

/** Days that are sealed: when each was cut, which heads its books had, and the signed root over all heads. Only ever added to. */
export class SealedDays implements MigrationInterface {
  readonly name = 'SealedDays0000000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sql);
    for (const table of tables) {
      await runner.query(`CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
                          FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_journal()`);
      await grantToApp(runner, 'SELECT, INSERT', table);
    }
  }

  /** Migrations go forward only: a seal is never taken back. */
  down(): Promise<void> {
    return Promise.reject(new Error('A seal is never taken back.'));
  }
}

const sql = `
  -- A cut is announced before its day is sealed. From then on no batch may carry a stamp below it (see last_cut), so that
  -- the cut is final as soon as every transaction that was running at the announcement has ended.
  CREATE TABLE day_cut (
    day date PRIMARY KEY,
    cut timestamptz NOT NULL UNIQUE,
    -- The midnight Asia/Shanghai at the end of the day, and never one that is still to come: it would stop the writers.
    CHECK (cut = (day::timestamp + interval '16 hours') AT TIME ZONE 'UTC'),
    CHECK (cut <= clock_timestamp())
  );

  -- The last cut that was announced.
  CREATE FUNCTION last_cut() RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT coalesce(max(cut), '-infinity') FROM day_cut $$;

  -- The head that a book had at the end of a day, for the books that moved on that day.
  CREATE TABLE sealed_head (
    book_id text NOT NULL,
    day date NOT NULL REFERENCES day_cut,
    version bigint NOT NULL CHECK (version > 0),
    hash bytea NOT NULL,
    PRIMARY KEY (book_id, day)
  );
  CREATE INDEX sealed_head_by_day ON sealed_head (day, book_id);

  -- The seal of a day: a Merkle root over the heads of all books, chained to the seal before, signed.
  CREATE TABLE sealed_day (
    day date PRIMARY KEY REFERENCES day_cut,
    cut timestamptz NOT NULL UNIQUE,
    books bigint NOT NULL,
    entries bigint NOT NULL,
    root bytea NOT NULL,
    previous bytea NOT NULL UNIQUE,
    key_id text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    signature bytea NOT NULL
  );`;
