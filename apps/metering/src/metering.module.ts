import { KafkaModule } from '@app/kafka';
import { ParkingModule } from '@app/parking';
import { messagingMigration, PersistenceModule } from '@app/persistence';
import { type DynamicModule, Module } from '@nestjs/common';
import { AbandonCallsHandler } from './calls/abandon-calls.handler.ts';
import { AbandonCallsJob } from './calls/abandon-calls.job.ts';
import { CallStore } from './calls/call.store.ts';
import { CallsConsumer } from './calls/calls.consumer.ts';
import { EndCallsHandler } from './calls/end-calls.handler.ts';
import { FinishCallsHandler } from './calls/finish-calls.handler.ts';
import { JournalConsumer } from './calls/journal.consumer.ts';
import { RateUsageHandler } from './calls/rate-usage.handler.ts';
import { UsageConsumer } from './calls/usage.consumer.ts';
import { CustomerStore } from './customers/customer.store.ts';
import { CustomersConsumer } from './customers/customers.consumer.ts';
import { IntakeGrpc } from './intake/intake.grpc.ts';
import { RecordUsageHandler } from './intake/record-usage.handler.ts';
import { UsageRecordStore } from './intake/usage-record.store.ts';
import { UsageRecordsController } from './intake/usage-records.controller.ts';
import { type MeteringSettings, meteringSettingsToken } from './metering-settings.ts';
import { MarginStore } from './margins/margin.store.ts';
import { MarginsController } from './margins/margins.controller.ts';
import { RecordCostsHandler } from './margins/record-costs.handler.ts';
import { MeteringTables } from './migrations/0002-metering.ts';
import { UsageHours } from './migrations/0003-usage-hours.ts';
import { QuarantineResolutions } from './migrations/0004-quarantine-resolutions.ts';
import { PriceBook } from './migrations/0005-price-book.ts';
import { Margins } from './migrations/0006-margins.ts';
import { ParkedDeeds } from './migrations/0007-parked-deeds.ts';
import { AuditPricesHandler } from './prices/audit-prices.handler.ts';
import { DecideProposalHandler } from './prices/decide-proposal.handler.ts';
import { PriceBookStore } from './prices/price-book.store.ts';
import { PriceBookController } from './prices/price-book.controller.ts';
import { PriceImpactStore } from './prices/price-impact.store.ts';
import { PriceProposalStore } from './prices/price-proposal.store.ts';
import { PriceProposalsController } from './prices/price-proposals.controller.ts';
import { PriceVersionsController } from './prices/price-versions.controller.ts';
import { PricesGrpc } from './prices/prices.grpc.ts';
import { PricingController } from './prices/pricing.controller.ts';
import { PublishPricesHandler } from './prices/publish-prices.handler.ts';
import { ReadPricesHandler } from './prices/read-prices.handler.ts';
import { ReadyMadePricesJob } from './prices/ready-made-prices.job.ts';
import { QuarantineController } from './quarantine/quarantine.controller.ts';
import { QuarantineStore } from './quarantine/quarantine.store.ts';
import { ReleaseOverdueHandler } from './quarantine/release-overdue.handler.ts';
import { ReleaseOverdueJob } from './quarantine/release-overdue.job.ts';
import { ResolveCallHandler } from './quarantine/resolve-call.handler.ts';
import { CallLineStore } from './usage/call-line.store.ts';
import { FindCallHandler } from './usage/find-call.handler.ts';
import { ListCallsHandler } from './usage/list-calls.handler.ts';
import { ReadUsageHandler } from './usage/read-usage.handler.ts';
import { UsageController } from './usage/usage.controller.ts';
import { UsageGrpc } from './usage/usage.grpc.ts';
import { UsageStore } from './usage/usage.store.ts';

/** The migrations of metering, in order. */
export const meteringMigrations = [
  messagingMigration,
  ...[MeteringTables, UsageHours, QuarantineResolutions, PriceBook, Margins, ParkedDeeds],
];

/** Usage intake, prices, rating and usage reads. */
@Module({})
export class MeteringModule {
  static forRoot(settings: MeteringSettings): DynamicModule {
    return {
      module: MeteringModule,
      imports: [kafkaOf(settings), persistenceOf(settings), ParkingModule],
      controllers: [
        ...[CallsConsumer, UsageConsumer, CustomersConsumer, JournalConsumer, IntakeGrpc, UsageGrpc],
        ...[UsageRecordsController, PriceVersionsController, PricingController, UsageController],
        QuarantineController,
        ...[PricesGrpc, PriceProposalsController, PriceBookController, MarginsController],
      ],
      providers: [
        { provide: meteringSettingsToken, useValue: settings },
        ...[CustomerStore, PriceBookStore, CallStore, CallLineStore, UsageRecordStore, UsageStore],
        ...[
          PriceImpactStore,
          PriceProposalStore,
          PublishPricesHandler,
          DecideProposalHandler,
          ReadPricesHandler,
        ],
        ...[RecordUsageHandler, EndCallsHandler, FinishCallsHandler, RateUsageHandler],
        ...[AbandonCallsHandler, FindCallHandler, ListCallsHandler, ReadUsageHandler],
        ...[AuditPricesHandler, MarginStore, RecordCostsHandler],
        ...[QuarantineStore, ResolveCallHandler, ReleaseOverdueHandler],
        ...[AbandonCallsJob, ReadyMadePricesJob, ReleaseOverdueJob],
      ],
    };
  }
}

const kafkaOf = (settings: MeteringSettings): DynamicModule =>
  KafkaModule.forRoot({
    clientId: 'metering',
    groupId: 'metering',
    brokers: settings.KAFKA_BROKERS,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
    partitions: settings.KAFKA_PARTITIONS,
    replicas: settings.KAFKA_REPLICAS,
  });

const persistenceOf = (settings: MeteringSettings): DynamicModule =>
  PersistenceModule.forRoot({
    url: settings.METERING_DATABASE_URL,
    ...(settings.METERING_MIGRATION_DATABASE_URL === undefined
      ? {}
      : { migrationUrl: settings.METERING_MIGRATION_DATABASE_URL }),
    migrations: meteringMigrations,
    applicationName: 'metering',
  });
