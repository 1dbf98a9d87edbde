import { readSettings } from '@app/config';
import { KafkaModule } from '@app/kafka';
import { ParkingModule } from '@app/parking';
import { messagingMigration, PersistenceModule } from '@app/persistence';
import { ServiceTokens } from '@app/transport';
import { Module } from '@nestjs/common';
import { AuthenticateKeyHandler } from './access/authenticate-key.handler.ts';
import { FailedKeys } from './access/failed-keys.ts';
import { IssueKeyHandler, KeyPepper } from './access/issue-key.handler.ts';
import { KeyLimitsStore } from './access/key-limits.store.ts';
import { KeysController } from './access/keys.controller.ts';
import { KeysStore } from './access/keys.store.ts';
import { LimitCallHandler } from './access/limit-call.handler.ts';
import { OwnKeysController } from './access/own-keys.controller.ts';
import { BalanceController } from './balance/balance.controller.ts';
import { Clock } from './clock.ts';
import { CreateCustomerHandler } from './customers/create-customer.handler.ts';
import { CustomersController } from './customers/customers.controller.ts';
import { CustomersStore } from './customers/customers.store.ts';
import { DatabaseClock } from './database-clock.store.ts';
import { ForwardsController } from './forwards/forwards.controller.ts';
import { ServiceAddresses, ServicesClient } from './forwards/services.client.ts';
import { gatewaySettings } from './gateway-settings.ts';
import { CustomersAndKeys } from './migrations/0002-customers-and-keys.ts';
import { KeyPolicies } from './migrations/0003-key-policies.ts';
import { ImageTasks } from './migrations/0004-image-tasks.ts';
import { Webhooks } from './migrations/0005-webhooks.ts';
import { CustomerBudgets } from './migrations/0006-customer-budgets.ts';
import { RepeatedCalls } from './migrations/0007-repeated-calls.ts';
import { TokensGivenBack } from './migrations/0008-tokens-given-back.ts';
import { LowestLevels } from './migrations/0009-lowest-levels.ts';
import { ParkedDeeds } from './migrations/0010-parked-deeds.ts';
import { ImageTasksController } from './image-tasks/image-tasks.controller.ts';
import { ImageTasksStore } from './image-tasks/image-tasks.store.ts';
import { SubmitTaskHandler } from './image-tasks/submit-task.handler.ts';
import { TaskTimes, WatchTasksJob } from './image-tasks/watch-tasks.job.ts';
import { ModelsController } from './models/models.controller.ts';
import { Peers } from './peers.client.ts';
import { PriceList } from './prices/price-list.ts';
import { PricesConsumer } from './prices/prices.consumer.ts';
import { PricesProjection } from './prices/prices.projection.ts';
import { PricingController } from './pricing/pricing.controller.ts';
import { RefundsController } from './refunds/refunds.controller.ts';
import { RelayController } from './relay/relay.controller.ts';
import { relayProviders } from './relay/relay.module.ts';
import { MessageTokensController } from './tokenize/message-tokens.controller.ts';
import { TokenizeController } from './tokenize/tokenize.controller.ts';
import { TokenizeHandler } from './tokenize/tokenize.handler.ts';
import { BankTransferController } from './top-ups/bank-transfer.controller.ts';
import { TopUpsController } from './top-ups/top-ups.controller.ts';
import { BillingController } from './usage/billing.controller.ts';
import { ExportCallsHandler } from './usage/export-calls.handler.ts';
import { FindReceiptHandler } from './usage/find-receipt.handler.ts';
import { OrganizationController } from './usage/organization.controller.ts';
import { WatchedTopUps } from './top-ups/watched-top-ups.handler.ts';
import { UsageController } from './usage/usage.controller.ts';
import { webhookControllers, webhookProviders } from './webhooks/webhooks.module.ts';

const settings = readSettings(gatewaySettings);

/** The gateway, wired. */
@Module({
  imports: [
    ParkingModule,
    PersistenceModule.forRoot({
      url: settings.GATEWAY_DATABASE_URL,
      migrationUrl: settings.GATEWAY_MIGRATION_DATABASE_URL ?? settings.GATEWAY_DATABASE_URL,
      migrations: [
        messagingMigration,
        CustomersAndKeys,
        KeyPolicies,
        ImageTasks,
        Webhooks,
        CustomerBudgets,
        RepeatedCalls,
        TokensGivenBack,
        LowestLevels,
        ParkedDeeds,
      ],
      applicationName: 'gateway',
    }),
    KafkaModule.forRoot({
      clientId: 'gateway',
      groupId: 'gateway',
      brokers: settings.KAFKA_BROKERS,
      topicPrefix: settings.KAFKA_TOPIC_PREFIX,
      partitions: settings.KAFKA_PARTITIONS,
      replicas: settings.KAFKA_REPLICAS,
    }),
  ],
  controllers: [
    BalanceController,
    BillingController,
    CustomersController,
    ForwardsController,
    ImageTasksController,
    KeysController,
    MessageTokensController,
    ModelsController,
    OwnKeysController,
    OrganizationController,
    PricesConsumer,
    PricingController,
    RefundsController,
    RelayController,
    TokenizeController,
    TopUpsController,
    BankTransferController,
    UsageController,
    ...webhookControllers(settings),
  ],
  providers: [
    AuthenticateKeyHandler,
    CreateCustomerHandler,
    CustomersStore,
    ExportCallsHandler,
    FindReceiptHandler,
    ImageTasksStore,
    IssueKeyHandler,
    KeyLimitsStore,
    KeysStore,
    LimitCallHandler,
    PricesProjection,
    ServicesClient,
    SubmitTaskHandler,
    TokenizeHandler,
    WatchTasksJob,
    { provide: TaskTimes, useValue: new TaskTimes(settings.IMAGE_TASK_POLL_MS) },
    WatchedTopUps,
    { provide: PriceList, useExisting: PricesProjection },
    { provide: Clock, useClass: DatabaseClock },
    { provide: FailedKeys, useValue: new FailedKeys(settings.FAILED_KEYS_PER_MINUTE) },
    { provide: KeyPepper, useValue: new KeyPepper(settings.API_KEY_PEPPER) },
    {
      provide: ServiceAddresses,
      useValue: new ServiceAddresses({
        ledger: settings.LEDGER_HTTP_URL,
        metering: settings.METERING_HTTP_URL,
        payments: settings.PAYMENTS_HTTP_URL,
      }),
    },
    {
      provide: Peers,
      useFactory: (tokens: ServiceTokens) =>
        new Peers(
          {
            ledger: settings.LEDGER_GRPC_URL,
            metering: settings.METERING_GRPC_URL,
            payments: settings.PAYMENTS_GRPC_URL,
          },
          tokens,
        ),
      inject: [ServiceTokens],
    },
    ...relayProviders(settings),
    ...webhookProviders(settings),
  ],
})
export class GatewayModule {}
