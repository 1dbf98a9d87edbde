import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A batch says which change of the months it knew: one that was decided before a month was opened is decided again, too. */
export class PeriodChangesAreSeen implements MigrationInterface {
  readonly name = 'PeriodChangesAreSeen0000000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION refuse_closed_days(days date[], last_change_known bigint) RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('accounting periods', 0));
        IF (SELECT coalesce(max(id), 0) FROM period_change) <> last_change_known THEN
          RAISE EXCEPTION 'a month was closed or opened since the batch was decided' USING ERRCODE = 'HL003';
        END IF;
        RETURN refuse_closed_days(days);
      END $$`);
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}
