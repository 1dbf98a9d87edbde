import { grantToApp } from '@app/persistence';
import type { QueryRunner } from 'typeorm';

/** Adds what people do with parked messages; called by a migration of each service, under its own number. */
export async function addParkedDeeds(runner: QueryRunner): Promise<void> {
  for (const statement of statements) await runner.query(statement);
  await grantToApp(runner, 'SELECT, INSERT', 'parked_deed');
  await grantToApp(runner, 'SELECT, INSERT, UPDATE', 'parked_message');
}

const statements = [
  // Until when somebody drives it, so that nobody else does; and why it was parked again.
  `ALTER TABLE parked_message ADD COLUMN driven_until timestamptz, ADD COLUMN last_reason text`,
  `DROP INDEX parked_message_open`,
  `CREATE INDEX parked_message_open ON parked_message (id) WHERE status = 'parked'`,
  // Who did what with it, and who decided about whose proposal: the database sees to it that they are two.
  `CREATE TABLE parked_deed (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     parked_id text NOT NULL REFERENCES parked_message,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     actor text NOT NULL,
     client_id text NOT NULL,
     action text NOT NULL
       CHECK (action IN ('drive', 'parked-again', 'propose-discard', 'approve-discard', 'reject-discard')),
     detail text NOT NULL,
     answers bigint UNIQUE,
     proposed_by text,
     UNIQUE (id, parked_id, actor),
     FOREIGN KEY (answers, parked_id, proposed_by) REFERENCES parked_deed (id, parked_id, actor),
     CONSTRAINT two_people CHECK (proposed_by <> actor),
     CHECK ((action IN ('approve-discard', 'reject-discard')) = (answers IS NOT NULL AND proposed_by IS NOT NULL)))`,
  `CREATE INDEX parked_deed_of_message ON parked_deed (parked_id, id)`,
  `CREATE FUNCTION keep_parked_deed() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN RAISE EXCEPTION 'parked_deed is only ever added to' USING ERRCODE = '42501'; END $$`,
  `CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON parked_deed
     FOR EACH STATEMENT EXECUTE FUNCTION keep_parked_deed()`,
  // What came is kept as it came, what ended stays ended, and nothing is discarded without its second person.
  `CREATE FUNCTION keep_parked_message() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF OLD.status <> 'parked' OR (NEW.id, NEW.consumer, NEW.topic, NEW.partition, NEW.record_offset, NEW.key,
         NEW.headers::text, NEW.value, NEW.reason, NEW.parked_at) IS DISTINCT FROM (OLD.id, OLD.consumer, OLD.topic,
         OLD.partition, OLD.record_offset, OLD.key, OLD.headers::text, OLD.value, OLD.reason, OLD.parked_at) THEN
       RAISE EXCEPTION 'what was parked is kept as it came, and what ended stays ended' USING ERRCODE = '42501';
     END IF;
     IF NEW.status = 'discarded' AND NOT EXISTS (
         SELECT 1 FROM parked_deed WHERE parked_id = NEW.id AND action = 'approve-discard') THEN
       RAISE EXCEPTION 'a message is discarded by two people' USING ERRCODE = '42501';
     END IF;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER kept_as_it_came BEFORE UPDATE ON parked_message
     FOR EACH ROW EXECUTE FUNCTION keep_parked_message()`,
];
