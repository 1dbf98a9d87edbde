import { gatherCallsMs, KafkaModule } from '@app/kafka';
import { ParkingModule } from '@app/parking';
import { Database, messagingMigration, Outbox, OutboxSignal, PersistenceModule } from '@app/persistence';
import {
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type Provider,
  type Type,
} from '@nestjs/common';
import { AdjustmentStore } from './adjustments/adjustment.store.ts';
import { AdjustmentsController } from './adjustments/adjustments.controller.ts';
import { AdjustmentsGrpc } from './adjustments/adjustments.grpc.ts';
import { AdjustmentsHandler } from './adjustments/adjustments.handler.ts';
import { AuditStore } from './adjustments/audit.store.ts';
import { ChargeStore } from './adjustments/charge.store.ts';
import { FinishAdjustmentsHandler } from './adjustments/finish-adjustments.handler.ts';
import { PostAdjustmentHandler } from './adjustments/post-adjustment.handler.ts';
import { BalanceStore } from './balances/balance.store.ts';
import { BalancesController, SeveralBalancesController } from './balances/balances.controller.ts';
import { BalancesGrpc } from './balances/balances.grpc.ts';
import { BalancesHandler } from './balances/balances.handler.ts';
import { LotStore } from './balances/lot.store.ts';
import { RatedConsumer } from './charges/rated.consumer.ts';
import { TopUpsConsumer } from './credits/top-ups.consumer.ts';
import { CustomersConsumer } from './customers/customers.consumer.ts';
import { EntriesController } from './entries/entries.controller.ts';
import { EntriesGrpc } from './entries/entries.grpc.ts';
import { EntriesHandler } from './entries/entries.handler.ts';
import { EntryStore } from './entries/entry.store.ts';
import { CallsConsumer } from './holds/calls.consumer.ts';
import { HoldStore } from './holds/hold.store.ts';
import { HoldsController } from './holds/holds.controller.ts';
import { HoldsGrpc } from './holds/holds.grpc.ts';
import { HoldsHandler } from './holds/holds.handler.ts';
import { SettleHoldHandler } from './holds/settle-hold.handler.ts';
import { SweepHandler } from './holds/sweep.handler.ts';
import { SweepJob } from './holds/sweep.job.ts';
import { AnswerStore } from './idempotency/answer.store.ts';
import { IdempotencyHandler } from './idempotency/idempotency.handler.ts';
import { AccountCodes } from './journal/account-codes.store.ts';
import { journalSource } from './journal/journal-source.store.ts';
import { Journal } from './journal/journal.ts';
import { PostEventsHandler } from './journal/post-events.handler.ts';
import { usualBatches, Writer } from './journal/writer.store.ts';
import type { LedgerSettings } from './ledger-settings.ts';
import { ledgerMigrations } from './migrations.ts';
import { PeriodStore } from './periods/period.store.ts';
import { AnswerRefundsHandler } from './refunds/answer-refunds.handler.ts';
import { QuoteRefundHandler } from './refunds/quote-refund.handler.ts';
import { RefundQuotesController } from './refunds/refund-quotes.controller.ts';
import { RefundQuotesGrpc } from './refunds/refund-quotes.grpc.ts';
import { DrainingRefundStore } from './refunds/draining-refund.store.ts';
import { DrainRefundsHandler } from './refunds/drain-refunds.handler.ts';
import { RefundsConsumer } from './refunds/refunds.consumer.ts';
import { AccountTotalStore } from './reports/account-total.store.ts';
import { DailyMovementStore } from './reports/daily-movement.store.ts';
import { InvariantStore } from './reports/invariants.store.ts';
import { JournalReader } from './reports/journal-reader.store.ts';
import { LiveStore } from './reports/live.store.ts';
import { RebuildHandler } from './reports/rebuild.handler.ts';
import { RepeatedEventStore } from './reports/repeated-events.store.ts';
import { ReportsController } from './reports/reports.controller.ts';
import { ReportsGrpc } from './reports/reports.grpc.ts';
import { SumDaysHandler } from './reports/sum-days.handler.ts';
import { TrialBalanceHandler } from './reports/trial-balance.handler.ts';
import { TrialBalanceStore } from './reports/trial-balance.store.ts';
import { VerifyHandler } from './reports/verify.handler.ts';
import { ShadowRebuildHandler } from './reports/shadow-rebuild.handler.ts';
import { ShadowRebuildJob } from './reports/shadow-rebuild.job.ts';
import { WatchInvariantsJob } from './reports/watch-invariants.job.ts';
import { ExamineSealsHandler } from './seals/examine-seals.handler.ts';
import { ExportJournalHandler } from './seals/export-journal.handler.ts';
import { ExportStore } from './seals/export.store.ts';
import { SealDaysHandler } from './seals/seal-days.handler.ts';
import { SealDaysJob } from './seals/seal-days.job.ts';
import { SealKey } from './seals/seal-key.client.ts';
import { SealStore } from './seals/seal.store.ts';
import { SealsFolder } from './seals/seals-folder.client.ts';
import { SealsController } from './seals/seals.controller.ts';
import { SealsGrpc } from './seals/seals.grpc.ts';
import { SealsHandler } from './seals/seals.handler.ts';
import { TreeStore } from './seals/tree.store.ts';
import { ChargesHandler } from './statements/charges.handler.ts';
import { StatementStore } from './statements/statement.store.ts';
import { StatementsController } from './statements/statements.controller.ts';
import { StatementsGrpc } from './statements/statements.grpc.ts';
import { StatementsHandler } from './statements/statements.handler.ts';
import { Waits } from './waits.ts';

/** The writer's own connections: a reader that waits for the writer must never hold the connection that it needs. */
class WriterDatabase extends Database {}

/** Finishes what the writer has, then ends its connections. */
class LedgerLife implements OnApplicationShutdown {
  constructor(
    private readonly writer: Writer,
    private readonly database: WriterDatabase,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.writer.close();
    await this.database.close();
  }
}

const consumers = [RatedConsumer, TopUpsConsumer, CustomersConsumer, CallsConsumer, RefundsConsumer];
const doors = [
  ...[HoldsGrpc, BalancesGrpc, EntriesGrpc, ReportsGrpc, SealsGrpc],
  ...[HoldsController, BalancesController, EntriesController, ReportsController, SealsController],
  ...[AdjustmentsGrpc, AdjustmentsController, StatementsGrpc, StatementsController],
  ...[SeveralBalancesController, RefundQuotesGrpc, RefundQuotesController],
];

const parts: readonly Type[] = [
  ...[
    BalanceStore,
    LotStore,
    EntryStore,
    HoldStore,
    TrialBalanceStore,
    DailyMovementStore,
    InvariantStore,
    RepeatedEventStore,
    AccountTotalStore,
    JournalReader,
    LiveStore,
  ],
  ...[PostEventsHandler, HoldsHandler, SweepHandler, AnswerRefundsHandler, BalancesHandler, EntriesHandler],
  ...[AdjustmentStore, AuditStore, ChargeStore, PeriodStore, AnswerStore, StatementStore],
  ...[IdempotencyHandler, PostAdjustmentHandler, AdjustmentsHandler, StatementsHandler, ChargesHandler],
  ...[DrainingRefundStore, DrainRefundsHandler, FinishAdjustmentsHandler],
  ...[SettleHoldHandler, TrialBalanceHandler, SumDaysHandler, QuoteRefundHandler],
  ...[RebuildHandler, VerifyHandler, SweepJob, WatchInvariantsJob, ShadowRebuildHandler, ShadowRebuildJob],
];

/** The journal of all money, balances, holds, rebuild and audit. */
@Module({})
export class LedgerModule {
  static forRoot(settings: LedgerSettings): DynamicModule {
    return {
      module: LedgerModule,
      imports: [kafkaOf(settings), persistenceOf(settings), ParkingModule],
      controllers: [...consumers, ...doors],
      providers: [
        { provide: Waits, useValue: waitsOf(settings) },
        { provide: WriterDatabase, useFactory: () => writerDatabaseOf(settings) },
        {
          provide: Writer,
          useFactory: (database: WriterDatabase, outbox: Outbox, signal: OutboxSignal) =>
            new Writer({
              ...{ database, codes: new AccountCodes(), outbox, signal },
              booksMax: settings.BOOKS_KEPT_MAX,
              batches: usualBatches,
            }),
          inject: [WriterDatabase, Outbox, OutboxSignal],
        },
        { provide: Journal, useExisting: Writer },
        {
          provide: LedgerLife,
          useFactory: (writer: Writer, database: WriterDatabase) => new LedgerLife(writer, database),
          inject: [Writer, WriterDatabase],
        },
        ...parts,
        ...sealProviders(settings),
      ],
    };
  }
}

const sealProviders = (settings: LedgerSettings): Provider[] => [
  {
    provide: SealKey,
    useFactory: () => SealKey.fromFiles(settings.SEAL_KEY_FILE, settings.SEAL_EARLIER_KEYS_FILE),
  },
  { provide: SealsFolder, useFactory: () => new SealsFolder(settings.SEALS_DIR) },
  ...[TreeStore, SealStore, ExportStore, SealsHandler, ExportJournalHandler, ExamineSealsHandler],
  ...[SealDaysHandler, SealDaysJob],
];

const waitsOf = (settings: LedgerSettings): Waits =>
  new Waits({
    chargeSeconds: settings.CHARGE_WAIT_SECONDS,
    holdExpirySeconds: settings.HOLD_EXPIRY_SECONDS,
    leaseSeconds: settings.LEASE_SECONDS,
    quarantineSeconds: settings.HOLD_QUARANTINE_SECONDS,
    refundDrainSeconds: settings.REFUND_DRAIN_SECONDS,
    sweepSeconds: settings.SWEEP_SECONDS,
  });

const writerDatabaseOf = (settings: LedgerSettings): WriterDatabase =>
  new WriterDatabase({
    url: settings.LEDGER_DATABASE_URL,
    applicationName: 'ledger writer',
    // One that the writer keeps, and one for the careful path.
    connectionsMax: 2,
  });

const kafkaOf = (settings: LedgerSettings): DynamicModule =>
  KafkaModule.forRoot({
    clientId: 'ledger',
    groupId: 'ledger',
    brokers: settings.KAFKA_BROKERS,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
    partitions: settings.KAFKA_PARTITIONS,
    replicas: settings.KAFKA_REPLICAS,
  });

const persistenceOf = (settings: LedgerSettings): DynamicModule =>
  PersistenceModule.forRoot({
    url: settings.LEDGER_DATABASE_URL,
    ...(settings.LEDGER_MIGRATION_DATABASE_URL === undefined
      ? {}
      : { migrationUrl: settings.LEDGER_MIGRATION_DATABASE_URL }),
    migrations: [messagingMigration, ...ledgerMigrations],
    applicationName: 'ledger',
    connectionsMax: 24,
    outboxSources: [journalSource],
    outboxGatherMs: gatherCallsMs,
  });
