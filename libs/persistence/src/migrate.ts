import { log } from '@app/observability';
import { Client } from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import { appRoleSetting, grantTheRest } from './app-role.ts';

/** A migration class; its `name` ends in 13 digits that give the order, as TypeORM wants it. */
export type Migration = new () => MigrationInterface;

/** What to migrate, and as whom. */
export interface MigrateOptions {
  /** The database as the service itself reaches it; its user is the role that gets the rights. */
  readonly url: string;
  /** The same database as the owner of the tables; the same url where nothing is said. */
  readonly migrationUrl?: string;
  readonly migrations: readonly Migration[];
  readonly applicationName: string;
}

/** Any number will do, as long as every process of the project uses the same. */
const migrationLock = 7_245_001;

/**
 * Runs the migrations that have not run, each in its own transaction, while holding a lock: replicas that start together
 * wait for the first one. TypeORM is only the runner; nothing is ever synchronised or generated.
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const ownerUrl = options.migrationUrl ?? options.url;
  const lock = new Client({
    connectionString: ownerUrl,
    application_name: `${options.applicationName} migration lock`,
  });
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await runMigrations(ownerUrl, options);
  } finally {
    await lock.end();
  }
}

async function runMigrations(ownerUrl: string, options: MigrateOptions): Promise<void> {
  const role = decodeURIComponent(new URL(options.url).username);
  const source = new DataSource({
    type: 'postgres',
    url: ownerUrl,
    synchronize: false,
    migrations: [...options.migrations],
    migrationsTableName: 'migrations',
    applicationName: `${options.applicationName} migrations`,
    extra: { max: 2, options: `-c TimeZone=UTC -c ${appRoleSetting}=${role}` },
  });
  await source.initialize();
  try {
    const ran = await source.runMigrations({ transaction: 'each' });
    for (const { name } of ran) log().info({ migration: name }, 'A migration ran');
    const runner = source.createQueryRunner();
    await grantTheRest(runner);
    await runner.release();
  } finally {
    await source.destroy();
  }
}
