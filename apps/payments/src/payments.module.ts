import { KafkaModule } from '@app/kafka';
import { ParkingModule } from '@app/parking';
import { messagingMigration, PersistenceModule } from '@app/persistence';
import { type DynamicModule, Module } from '@nestjs/common';
import { channelsOf } from './channels/installed-channels.ts';
import { PaymentChannels } from './channels/payment-channel.ts';
import { ProviderAttempts } from './channels/provider-attempts.store.ts';
import { Clock, SystemClock } from './clock.ts';
import { IdempotencyKeys } from './idempotency.store.ts';
import { OrdersAndRefunds } from './migrations/0002-orders-and-refunds.ts';
import { WaysToPay } from './migrations/0003-ways-to-pay.ts';
import { BankAccounts } from './bank/bank-accounts.ts';
import { bankControllers, bankProviders } from './bank/bank.module.ts';
import { BankTransfers } from './migrations/0004-bank-transfers.ts';
import { LatestStatement } from './migrations/0005-latest-statement.ts';
import { Reconciliation } from './migrations/0006-reconciliation.ts';
import { OpenMatters } from './migrations/0007-open-matters.ts';
import { EndedPayBacks } from './migrations/0008-ended-pay-backs.ts';
import { ParkedDeeds } from './migrations/0009-parked-deeds.ts';
import { ResolvedLines } from './migrations/0010-resolved-lines.ts';
import { PaymentsGrpc } from './payments.grpc.ts';
import type { PaymentsSettings } from './payments-settings.ts';
import { reconciliationProviders } from './reconciliation/reconciliation.module.ts';
import { ReconciliationsController } from './reconciliation/reconciliations.controller.ts';
import { ChangeRefundHandler } from './refunds/change-refund.handler.ts';
import { HearLedgerHandler } from './refunds/hear-ledger.handler.ts';
import { LedgerRefundsConsumer } from './refunds/ledger-refunds.consumer.ts';
import { GiveBackItemHandler } from './refunds/give-back-item.handler.ts';
import { PayItemHandler } from './refunds/pay-item.handler.ts';
import { PlanRefundHandler } from './refunds/plan-refund.handler.ts';
import { ReadRefundsHandler } from './refunds/read-refunds.handler.ts';
import { RefundItemsJob } from './refunds/refund-items.job.ts';
import { Refunds } from './refunds/refund.store.ts';
import { RefundedTopUps } from './refunds/refunded-top-up.store.ts';
import { RefundsController } from './refunds/refunds.controller.ts';
import { RequestRefundHandler } from './refunds/request-refund.handler.ts';
import { AskProviderHandler } from './top-ups/ask-provider.handler.ts';
import { ChangeTopUpHandler } from './top-ups/change-top-up.handler.ts';
import { PayBackHandler } from './top-ups/pay-back.handler.ts';
import { PayBacks } from './top-ups/pay-back.store.ts';
import { PayBacksJob } from './top-ups/pay-backs.job.ts';
import { ReadTopUpsHandler } from './top-ups/read-top-ups.handler.ts';
import { ResolvePaymentHandler } from './top-ups/resolve-payment.handler.ts';
import { StartTopUpHandler, TopUpTerms } from './top-ups/start-top-up.handler.ts';
import { TopUps } from './top-ups/top-up.store.ts';
import { TopUpsController } from './top-ups/top-ups.controller.ts';
import { LookRhythm, TopUpsJob } from './top-ups/top-ups.job.ts';
import { AlipayWebhooksController } from './webhooks/alipay-webhooks.controller.ts';
import { HearProviderHandler } from './webhooks/hear-provider.handler.ts';
import { Notifications } from './webhooks/notification.store.ts';
import { WechatWebhooksController } from './webhooks/wechat-webhooks.controller.ts';

/** The migrations of payments, in order. */
export const paymentsMigrations = [
  messagingMigration,
  OrdersAndRefunds,
  WaysToPay,
  BankTransfers,
  LatestStatement,
  Reconciliation,
  OpenMatters,
  EndedPayBacks,
  ParkedDeeds,
  ResolvedLines,
];

/** Top-ups, refunds, and the providers that move the money. */
@Module({})
export class PaymentsModule {
  /** The clock is given by specs that let time pass. */
  static forRoot(settings: PaymentsSettings, clock: Clock = new SystemClock()): DynamicModule {
    return {
      module: PaymentsModule,
      imports: [kafkaOf(settings), persistenceOf(settings), ParkingModule],
      controllers: [
        ...[TopUpsController, RefundsController, PaymentsGrpc],
        ...[WechatWebhooksController, AlipayWebhooksController, LedgerRefundsConsumer],
        ...[ReconciliationsController, ...bankControllers],
      ],
      providers: [
        { provide: Clock, useValue: clock },
        { provide: PaymentChannels, useValue: new PaymentChannels(channelsOf(settings)) },
        {
          provide: TopUpTerms,
          useValue: new TopUpTerms(settings.TOP_UP_EXPIRES_SECONDS * 1000, settings.TOP_UP_OPEN_MAX),
        },
        { provide: LookRhythm, useValue: new LookRhythm(settings.PAYMENTS_LOOK_INTERVAL_MS) },
        ...[TopUps, Refunds, RefundedTopUps, ProviderAttempts, IdempotencyKeys, Notifications],
        ...[StartTopUpHandler, AskProviderHandler, ChangeTopUpHandler, ReadTopUpsHandler, TopUpsJob],
        ...[RequestRefundHandler, ChangeRefundHandler, PayItemHandler, ReadRefundsHandler, RefundItemsJob],
        GiveBackItemHandler,
        ...[HearLedgerHandler, HearProviderHandler, PlanRefundHandler],
        ...[PayBacks, PayBackHandler, PayBacksJob, ResolvePaymentHandler],
        {
          provide: BankAccounts,
          useValue: new BankAccounts(settings.BANK_ACCOUNTS, settings.BANK_AUTOMATIC_BELOW),
        },
        ...[...bankProviders, ...reconciliationProviders(settings)],
      ],
    };
  }
}

const kafkaOf = (settings: PaymentsSettings): DynamicModule =>
  KafkaModule.forRoot({
    clientId: 'payments',
    groupId: 'payments',
    brokers: settings.KAFKA_BROKERS,
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
    partitions: settings.KAFKA_PARTITIONS,
    replicas: settings.KAFKA_REPLICAS,
  });

const persistenceOf = (settings: PaymentsSettings): DynamicModule =>
  PersistenceModule.forRoot({
    url: settings.PAYMENTS_DATABASE_URL,
    ...(settings.PAYMENTS_MIGRATION_DATABASE_URL === undefined
      ? {}
      : { migrationUrl: settings.PAYMENTS_MIGRATION_DATABASE_URL }),
    migrations: paymentsMigrations,
    applicationName: 'payments',
  });
