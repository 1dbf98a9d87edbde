import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Indexes that stay cheap however long the journal is. What has an id made of the time goes to one place of an index that begins
 * with the id, and to a place for each book in one that begins with the book. And every sixteenth entry is enough to find the
 * others by: in a book, versions rise, and stamps never fall.
 */
export class SmallIndexes implements MigrationInterface {
  readonly name = 'SmallIndexes0000000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE entry ADD CONSTRAINT entry_event UNIQUE (event_id, book_id);
      ALTER TABLE entry DROP CONSTRAINT entry_book_id_event_id_key;
      CREATE INDEX entry_milestone ON entry (book_id, recorded_at, version) WHERE version % 16 = 0;
      DROP INDEX entry_recorded;

      -- The last entry of a book that was recorded until an instant, that instant included; no row where there was none.
      CREATE FUNCTION entry_as_of(book text, instant timestamptz) RETURNS SETOF entry LANGUAGE sql STABLE AS $$
        SELECT * FROM entry
         WHERE book_id = book AND recorded_at <= instant AND version < 16 + coalesce((
           SELECT m.version FROM entry m WHERE m.book_id = book AND m.recorded_at <= instant AND m.version % 16 = 0
            ORDER BY m.recorded_at DESC, m.version DESC LIMIT 1), 0)
         ORDER BY version DESC LIMIT 1
      $$;

      -- Its version, of what was recorded before an instant; 0 where there was none. So a stretch of time is one of versions.
      CREATE FUNCTION version_before(book text, instant timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT coalesce((SELECT version FROM entry_as_of(book, instant - interval '1 microsecond')), 0)
      $$`);
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}
