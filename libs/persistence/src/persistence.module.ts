import { EventLog } from '@app/kafka';
import {
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Database } from './database.ts';
import { Inbox } from './inbox.ts';
import { migrate, type MigrateOptions } from './migrate.ts';
import { Outbox } from './outbox.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { OutboxSignal } from './outbox-signal.ts';
import { outboxTable, type OutboxSource } from './outbox-source.ts';

/** Settings of `forRoot`. */
export interface PersistenceOptions extends MigrateOptions {
  readonly connectionsMax?: number;
  /** Rows of the service's own that are events already; the outbox table is always published. */
  readonly outboxSources?: readonly OutboxSource[];
  /** How long rows gather behind a round of the relay, in milliseconds; 25 where nothing is said. */
  readonly outboxGatherMs?: number;
}

/** Starts and stops what runs in the background. */
class PersistenceLife implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly database: Database,
    private readonly relay: OutboxRelay | undefined,
  ) {}

  onApplicationBootstrap(): void {
    this.relay?.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.relay?.stop();
    await this.database.close();
  }
}

/** Migrates the service's database at boot, then gives Database, Outbox and Inbox to every module. */
@Module({})
export class PersistenceModule {
  static forRoot(options: PersistenceOptions): DynamicModule {
    return {
      module: PersistenceModule,
      global: true,
      providers: [
        OutboxSignal,
        { provide: Database, useFactory: () => migratedDatabase(options) },
        { provide: Outbox, useFactory: (signal: OutboxSignal) => new Outbox(signal), inject: [OutboxSignal] },
        { provide: Inbox, useFactory: (database: Database) => new Inbox(database), inject: [Database] },
        {
          provide: PersistenceLife,
          useFactory: (database: Database, signal: OutboxSignal, eventLog?: EventLog) =>
            new PersistenceLife(database, eventLog && relayOf(options, { eventLog, signal })),
          inject: [Database, OutboxSignal, { token: EventLog, optional: true }],
        },
      ],
      exports: [Database, Outbox, Inbox, OutboxSignal],
    };
  }
}

async function migratedDatabase(options: PersistenceOptions): Promise<Database> {
  await migrate(options);
  return new Database(options);
}

function relayOf(
  { url, applicationName, outboxSources = [], outboxGatherMs: gatherMs }: PersistenceOptions,
  { eventLog, signal }: { readonly eventLog: EventLog; readonly signal: OutboxSignal },
): OutboxRelay {
  return new OutboxRelay(
    { url, applicationName, sources: [outboxTable, ...outboxSources], gatherMs },
    eventLog,
    signal,
  );
}
