import { readSettings } from '@app/config';
import { topics } from '@app/contracts';
import { readWholeTopic } from '@app/kafka';
import { Database, messagingMigration, migrate } from '@app/persistence';
import { ledgerSettings } from './ledger-settings.ts';
import { ledgerMigrations } from './migrations.ts';
import { JournalReader } from './reports/journal-reader.store.ts';
import { JournalRestoreStore } from './reports/journal-restore.store.ts';
import { ProjectionStore } from './reports/projections.store.ts';
import { RebuildHandler } from './reports/rebuild.handler.ts';
import { RestoreJournalHandler } from './reports/restore-journal.handler.ts';
import { RestoreProjectionsHandler } from './reports/restore-projections.handler.ts';

/**
 * `restore topic` makes an empty database from `ledger.journal.v1`, when the database is gone; no ledger may run meanwhile.
 * `restore projections` makes all that follows from the journal again, beside a running ledger.
 * Both print a report of the rebuild at the end, and end with 1 where it does not agree.
 */
const settings = readSettings(
  ledgerSettings.pick({
    LEDGER_DATABASE_URL: true,
    LEDGER_MIGRATION_DATABASE_URL: true,
    KAFKA_BROKERS: true,
    KAFKA_TOPIC_PREFIX: true,
    KAFKA_PARTITIONS: true,
    KAFKA_REPLICAS: true,
  }),
);
const [, , what] = process.argv;
if (what === 'topic' || what === 'projections') process.exitCode = await run(what);
else {
  process.stderr.write('Usage: restore topic|projections\n');
  process.exitCode = 2;
}

async function run(from: 'topic' | 'projections'): Promise<number> {
  // The service's own role may not delete how holds ended; the owner may.
  const url = settings.LEDGER_MIGRATION_DATABASE_URL ?? settings.LEDGER_DATABASE_URL;
  const database = new Database({ url, applicationName: 'ledger restore' });
  try {
    const reader = new JournalReader(database);
    if (from === 'topic') await fromTopic(database);
    await new RestoreProjectionsHandler(database, reader, new ProjectionStore()).handle();
    const report = await new RebuildHandler(database).handle();
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return report.agrees ? 0 : 1;
  } finally {
    await database.close();
  }
}

async function fromTopic(database: Database): Promise<void> {
  await migrate({
    url: settings.LEDGER_DATABASE_URL,
    ...(settings.LEDGER_MIGRATION_DATABASE_URL === undefined
      ? {}
      : { migrationUrl: settings.LEDGER_MIGRATION_DATABASE_URL }),
    migrations: [messagingMigration, ...ledgerMigrations],
    applicationName: 'ledger restore',
  });
  const store = new JournalRestoreStore(database);
  if (!(await store.isEmpty())) throw new TypeError('The journal is not empty: nothing is restored into it.');
  const restore = new RestoreJournalHandler(store);
  const kafka = {
    clientId: 'ledger-restore',
    groupId: 'ledger',
    brokers: settings.KAFKA_BROKERS,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
    partitions: settings.KAFKA_PARTITIONS,
    replicas: settings.KAFKA_REPLICAS,
  };
  await readWholeTopic(kafka, topics.journal, (records) => restore.take(records));
  await store.markPublished();
}
