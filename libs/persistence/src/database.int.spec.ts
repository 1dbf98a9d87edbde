import { eventually, freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { grantToApp } from './app-role.ts';
import { Database } from './database.ts';
import { CommitUnknown } from './errors.ts';
import { sqlStateOf } from './failures.ts';
import { migrate } from './migrate.ts';
import { Messaging } from './migrations/0001-messaging.ts';

class Notes implements MigrationInterface {
  readonly name = 'Notes0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE note (id integer PRIMARY KEY, text text)');
    await runner.query('CREATE TABLE fact (id integer PRIMARY KEY)');
    await grantToApp(runner, 'SELECT, INSERT', 'fact');
  }

  down(): Promise<void> {
    return Promise.resolve();
  }
}

let owner: string;
let database: Database;

beforeAll(async () => {
  owner = await freshDatabase('database');
  await migrate({ url: owner, migrations: [Messaging], applicationName: 'spec' });
  database = new Database({ url: owner, applicationName: 'spec', connectionsMax: 4 });
  await database.query(
    'CREATE TABLE counter (id integer PRIMARY KEY, n numeric(38,18) NOT NULL CHECK (n >= 0))',
  );
  await database.query('INSERT INTO counter VALUES (1, 0), (2, 0)');
});

afterAll(() => database.close());

describe('Database', () => {
  it('gives instants with all their microseconds and numbers with all their digits', async () => {
    const rows = await database.query(
      `SELECT '2026-11-22T16:00:00.123456+08:00'::timestamptz AS instant, 9007199254740993::bigint AS big,
              0.000000000000000001::numeric(38,18) AS tiny, NULL::timestamptz AS never`,
    );
    expect(rows).toEqual([
      {
        instant: '2026-11-22T08:00:00.123456Z',
        big: '9007199254740993',
        tiny: '0.000000000000000001',
        never: null,
      },
    ]);
  });

  it('runs the work of a deadlock again, so that both callers succeed', async () => {
    const raise = (first: number, second: number) =>
      database.transaction(async (tx) => {
        await tx.query('UPDATE counter SET n = n + 1 WHERE id = $1', [first]);
        await new Promise((resolve) => setTimeout(resolve, 50));
        await tx.query('UPDATE counter SET n = n + 1 WHERE id = $1', [second]);
      });
    await Promise.all([raise(1, 2), raise(2, 1)]);
    expect(await database.query('SELECT trim_scale(n) AS n FROM counter ORDER BY id')).toEqual([
      { n: '2' },
      { n: '2' },
    ]);
  });

  it('says so where work hid a failed statement, since PostgreSQL then rolls back without an error', async () => {
    const hidden = database.transaction(async (tx) => {
      await tx.query('UPDATE counter SET n = 7 WHERE id = 1');
      await tx.query('SELECT 1/0').catch(() => undefined);
    });
    await expect(hidden).rejects.toThrow('hid a failed statement');
    expect(await database.query('SELECT trim_scale(n) AS n FROM counter WHERE id = 1')).toEqual([{ n: '2' }]);
  });

  it('says that the outcome is unknown where the connection is lost during COMMIT', async () => {
    await database.query(
      `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`,
    );
    await database.query('CREATE TABLE fatal (id integer)');
    await database.query(
      `CREATE CONSTRAINT TRIGGER fatal_at_commit AFTER INSERT ON fatal
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()`,
    );
    const work = database.transaction((tx) => tx.query('INSERT INTO fatal VALUES (1)'));
    await expect(work).rejects.toBeInstanceOf(CommitUnknown);
    expect(await database.query('SELECT 1 AS alive')).toEqual([{ alive: 1 }]);
  });

  it('passes the answer of a constraint on as it is, also at commit', async () => {
    const below = database.transaction((tx) => tx.query('UPDATE counter SET n = -1 WHERE id = 1'));
    expect(sqlStateOf(await below.catch((error: unknown) => error))).toBe('23514');
  });

  it('does not end when the server ends its connections', async () => {
    const working = database.transaction((tx) => tx.query('SELECT pg_sleep(60)'));
    const ended = working.catch((error: unknown) => error);
    await eventually(
      () =>
        database.query(
          `SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND datname = current_database()`,
        ),
      (asleep) => asleep.length === 1,
    );
    await admin(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spec' AND datname = current_database()`,
    );
    expect(await ended).toBeInstanceOf(Error);
    expect(await database.query('SELECT 1 AS alive')).toEqual([{ alive: 1 }]);
  });

  it('runs listeners after the commit and never after a rollback', async () => {
    const heard: string[] = [];
    await database.transaction((tx) => {
      tx.afterCommit(() => heard.push('committed'));
      return tx.query('SELECT 1');
    });
    const failed = database.transaction((tx) => {
      tx.afterCommit(() => heard.push('rolled back'));
      return Promise.reject(new Error('no'));
    });
    await expect(failed).rejects.toThrow('no');
    expect(heard).toEqual(['committed']);
  });
});

describe('migrate', () => {
  it('runs each migration once, whoever starts at the same time, and gives the service only its rights', async () => {
    const role = `spec_app_${String(process.pid)}_${Date.now().toString(36)}`;
    await admin(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    const appUrl = new URL(owner);
    appUrl.username = role;
    appUrl.password = 'secret';
    const options = {
      url: appUrl.href,
      migrationUrl: owner,
      migrations: [Messaging, Notes],
      applicationName: 'spec',
    };
    await Promise.all([migrate(options), migrate(options), migrate(options)]);
    const app = new Database({ url: appUrl.href, applicationName: 'spec app' });
    await app.query(`INSERT INTO note VALUES (1, 'a')`);
    await app.query(`UPDATE note SET text = 'b'`);
    await app.query('INSERT INTO fact VALUES (1)');
    const refused = ['UPDATE fact SET id = 2', 'DELETE FROM fact', 'TRUNCATE fact', 'DROP TABLE note'];
    for (const sql of refused) {
      expect(sqlStateOf(await app.query(sql).catch((error: unknown) => error))).toBe('42501');
    }
    await app.close();
    await admin(`DROP OWNED BY ${role}`);
    await admin(`DROP ROLE ${role}`);
  });
});

async function admin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: owner, application_name: 'spec admin' });
  await client.connect();
  await client.query(sql);
  await client.end();
}
