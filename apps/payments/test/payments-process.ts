import { type AddressInfo, createServer } from 'node:net';
import { parseSettings } from '@app/config';
import { encodeEvent, type Event, type PaymentsApi, topics } from '@app/contracts';
import { ConsumesBatch, type EventBatch, EventLog, KafkaModule } from '@app/kafka';
import { Database } from '@app/persistence';
import { eventually as untilSo } from '@app/testing';
import { grpcClient, IdentityProvider, ServiceTokens, startService } from '@app/transport';
import { Controller, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Clock } from '../src/clock.ts';
import { PaymentsModule } from '../src/payments.module.ts';
import { paymentsSettings } from '../src/payments-settings.ts';
import { type SpecIdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { SandboxProcess } from './provider-sandbox.ts';

/** A clock that a spec moves. */
export class MovedClock extends Clock {
  offsetMs = 0;

  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  advance(seconds: number): void {
    this.offsetMs += seconds * 1000;
  }
}

/** What payments published, as it came from Kafka. */
export const published: Event[] = [];

/** Stands where the ledger stands on Kafka: hears payments, and answers as a spec says. */
@Controller()
class LedgerStandIn {
  @ConsumesBatch(topics.topUps)
  topUps(batch: EventBatch): Promise<void> {
    return this.keep(batch);
  }

  @ConsumesBatch(topics.refunds)
  refunds(batch: EventBatch): Promise<void> {
    return this.keep(batch);
  }

  private keep({ records }: EventBatch): Promise<void> {
    published.push(...records.flatMap(({ event }) => event ?? []));
    return Promise.resolve();
  }
}

export interface Payments {
  readonly sandboxes: Sandboxes;
  readonly clock: MovedClock;
  readonly database: Database;
  readonly grpc: ReturnType<typeof paymentsClient>;
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  token(scope: string, subject?: string): Promise<string>;
  /** Lets time pass, here and at the providers. */
  letPass(seconds: number): Promise<void>;
  /** A call over HTTP by somebody with these scopes. */
  call(path: string, as: { scope: string; subject?: string }, body?: object): Promise<HttpAnswer>;
  /** The gateway tells of a customer, through Kafka. */
  customerIs(customerId: string, status: string): Promise<void>;
  /** The ledger's answer, through Kafka. */
  ledgerSays(event: Event): Promise<void>;
  close(): Promise<void>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

let changes = 0;

function customerChanged(customerId: string, status: string): Event {
  changes += 1;
  const now = new Date().toISOString();
  const plan = { code: 'usd-credit', credits: '1', amount: '7.14' };
  const data = { customerId, name: 'Spec', plan, currency: 'CNY', rateCardId: 'standard', status };
  return {
    ...{
      id: `${customerId}:${String(changes)}`,
      type: 'CustomerChanged',
      source: 'haoli/gateway',
      time: now,
    },
    subject: customerId,
    data: { ...data, timeZone: 'Asia/Shanghai', changedAt: now },
  };
}

export const paymentsClient = (url: string, issuer: string) =>
  grpcClient<PaymentsApi.Payments>({
    protoFile: 'haoli/payments/v1/payments.proto',
    package: 'haoli.payments.v1',
    service: 'Payments',
    url,
    tokens: new ServiceTokens(new IdentityProvider(issuer), {
      clientId: 'payments:read payments:write',
      clientSecret: 'secret',
    }),
  });

/** The providers' sandboxes, each in its own process, by the code of their channel. */
export type Sandboxes = Readonly<Record<'wechat-pay' | 'alipay', SandboxProcess>>;

export async function startProviders(): Promise<Sandboxes> {
  const [wechat, alipay] = await Promise.all([
    SandboxProcess.start('wechat'),
    SandboxProcess.start('alipay'),
  ]);
  return { 'wechat-pay': wechat, alipay };
}

/** Payments on the PostgreSQL and the Kafka of the settings, and the sandboxes of the providers. */
export async function startPayments(
  processEnvironment: NodeJS.ProcessEnv,
  settings: Readonly<Record<string, string>>,
): Promise<Payments> {
  const identity = await startIdentityProvider();
  const sandboxes = await startProviders();
  const environment = { ...(await environmentOf(sandboxes, identity)), ...settings };
  Object.assign(processEnvironment, {
    OIDC_ISSUER: identity.issuer,
    SERVICE_CLIENT_ID: 'payments:read',
    SERVICE_CLIENT_SECRET: 'secret',
    LOG_LEVEL: processEnvironment['LOG_LEVEL'] ?? 'silent',
  });
  const clock = new MovedClock();
  const app = await start(environment, clock);
  const ledger = await startLedger(environment);
  const grpcUrl = environment['PAYMENTS_GRPC_URL'] ?? '';
  return {
    sandboxes,
    clock,
    environment,
    database: app.get(Database, { strict: false }),
    grpc: paymentsClient(grpcUrl, identity.issuer),
    url: await app.getUrl(),
    token: (scope, subject) => identity.token(scope, subject),
    letPass: async (seconds) => {
      await Promise.all(Object.values(sandboxes).map((sandbox) => sandbox.advance(seconds)));
      clock.advance(seconds);
    },
    call: async (path, { scope, subject }, body) => {
      const authorization = `Bearer ${await identity.token(scope, subject)}`;
      const answer = await fetch(`${await app.getUrl()}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    customerIs: (customerId, status) =>
      ledger
        .get(EventLog, { strict: false })
        .publish(topics.customers.name, [
          encodeEvent(topics.customers.name, customerChanged(customerId, status)),
        ]),
    ledgerSays: (event) =>
      ledger
        .get(EventLog, { strict: false })
        .publish(topics.ledgerRefunds.name, [encodeEvent(topics.ledgerRefunds.name, event)]),
    close: async () => {
      await Promise.all([app.close(), ledger.close()]);
      await Promise.all(Object.values(sandboxes).map((sandbox) => sandbox.close()));
      identity.close();
      for (const signal of ['SIGTERM', 'SIGINT', 'unhandledRejection']) process.removeAllListeners(signal);
    },
  };
}

/** Our account at the bank of the specs. */
export const bankAccount = {
  code: 'bank-spec',
  account: '6222020000000000001',
  accountName: 'Haoli',
  bankName: 'Spec Bank',
  currency: 'CNY',
  settlementPayers: { 财付通支付科技有限公司: 'wechat-pay', 支付宝支付科技有限公司: 'alipay' },
  csv: {
    ...{ date: '交易日期', credit: '贷方金额', debit: '借方金额', balance: '余额' },
    ...{ partyName: '对方户名', partyAccount: '对方账号', memo: ['附言', '摘要'], reference: '交易流水号' },
  },
};

export async function environmentOf(
  { 'wechat-pay': wechat, alipay }: Sandboxes,
  identity: SpecIdentityProvider,
): Promise<Record<string, string>> {
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  return {
    KAFKA_PARTITIONS: '1',
    OIDC_ISSUER: identity.issuer,
    SERVICE_CLIENT_ID: 'payments:read',
    SERVICE_CLIENT_SECRET: 'secret',
    PAYMENTS_HTTP_PORT: httpPort,
    PAYMENTS_GRPC_URL: `127.0.0.1:${grpcPort}`,
    WECHATPAY_BASE_URL: wechat.url,
    WECHATPAY_KEYS_DIR: wechat.directory,
    WECHATPAY_NOTIFY_BASE_URL: `http://127.0.0.1:${httpPort}`,
    WECHATPAY_TIMEOUT_MS: '15000',
    WECHATPAY_REFUND_SPACING_MS: '0',
    ALIPAY_GATEWAY_URL: `${alipay.url}/gateway.do`,
    ALIPAY_KEYS_DIR: alipay.directory,
    ALIPAY_TIMEOUT_MS: '15000',
    BANK_ACCOUNTS: JSON.stringify([bankAccount]),
    ALIPAY_REFUND_SPACING_MS: '0',
    PAYMENTS_LOOK_INTERVAL_MS: '50',
  };
}

function start(environment: Readonly<Record<string, string>>, clock: Clock): Promise<NestFastifyApplication> {
  const settings = parseSettings(paymentsSettings, environment);
  return startService({
    name: 'payments',
    module: PaymentsModule.forRoot(settings, clock),
    httpPort: settings.PAYMENTS_HTTP_PORT,
    grpc: {
      url: settings.PAYMENTS_GRPC_URL,
      package: 'haoli.payments.v1',
      protoFile: 'haoli/payments/v1/payments.proto',
    },
    rawBody: true,
    title: 'payments',
    description: 'spec',
  });
}

export function startLedger(environment: Readonly<Record<string, string>>): Promise<NestFastifyApplication> {
  const kafka = KafkaModule.forRoot({
    clientId: 'ledger',
    groupId: 'ledger',
    brokers: (environment['KAFKA_BROKERS'] ?? '').split(','),
    topicPrefix: environment['KAFKA_TOPIC_PREFIX'] ?? '',
    partitions: 1,
  });
  @Module({ imports: [kafka], controllers: [LedgerStandIn] })
  class LedgerModule {}
  return startService({
    name: 'ledger',
    module: LedgerModule,
    httpPort: 0,
    title: 'ledger',
    description: 'spec',
  });
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

/** A request that leaves the way to pay to the channel. */
export const usualWay = { method: '', payer: '', returnUrl: '' } as const;

/** Waits until `look` gives something, and gives that. */
export async function eventually<Value>(
  look: () => Promise<Value | undefined> | Value | undefined,
): Promise<Value> {
  const [found] = await untilSo(
    async () => [await look()] as const,
    ([value]) => value !== undefined,
  );
  return found as Value;
}

/** Waits for an event of payments on Kafka. */
export const publishedEvent = (id: string): Promise<Event> =>
  eventually(() => published.find((event) => event.id === id));
