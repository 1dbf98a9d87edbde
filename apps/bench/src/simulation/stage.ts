import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '@app/persistence';
import { KafkaEventLog } from '@app/kafka';
import { freePorts } from '../free-ports.ts';
import { sealEnvironment } from '../seal-environment.ts';
import { CrashingService } from './crashing-service.ts';
import { madeDatabases, type StageServers } from './databases.store.ts';

const secret = 'of-this-simulation-alone';
const scopes = {
  service: ['ledger:read', 'payments:read', 'payments:write', 'customers:read', 'prices:read'],
  maker: ['payments:read', 'adjustments:request'],
  checker: ['payments:read', 'adjustments:approve'],
};

/** Our account at the bank of the simulation. */
export const bankAccount = {
  ...{ code: 'bank-sandbox', account: '6222020000000000001', accountName: 'Haoli' },
  ...{ bankName: 'Sandbox Bank', currency: 'CNY' },
  csv: {
    ...{ date: '交易日期', credit: '贷方金额', debit: '借方金额', balance: '余额' },
    ...{ partyName: '对方户名', partyAccount: '对方账号', memo: ['附言', '摘要'], reference: '交易流水号' },
  },
};

const portNames = [
  ...(['identity', 'wechat', 'alipay', 'bank', 'upstream'] as const),
  ...(['ledgerHttp', 'ledgerGrpc', 'paymentsHttp', 'paymentsGrpc'] as const),
];
type Ports = Readonly<Record<(typeof portNames)[number], string>>;

/**
 * The ledger and payments as they run in production, each killed when somebody says so; the sandboxes of the providers, the
 * bank and the identity provider in a process that nobody kills; a PostgreSQL and a Kafka.
 */
export class Stage {
  readonly ports: Ports;
  readonly services: Readonly<Record<'ledger' | 'payments', CrashingService>>;
  readonly databases: Readonly<Record<'ledger' | 'payments', Database>>;
  /** Where the programs stand that this simulation has none of: the gateway and metering. */
  readonly events: KafkaEventLog;
  private readonly sandbox: CrashingService;
  private readonly directory: string;

  private constructor(parts: StageParts) {
    this.ports = parts.ports;
    this.services = parts.services;
    this.databases = parts.databases;
    this.events = parts.events;
    this.sandbox = parts.sandbox;
    this.directory = parts.directory;
  }

  /** Starts everything; resolves when all of it is ready. */
  static async open(servers: StageServers): Promise<Stage> {
    const directory = mkdtempSync(join(tmpdir(), 'haoli-simulation-'));
    const ports = await portsOf();
    const urls = await madeDatabases(servers);
    const environments = environmentsOf({ servers, ports, urls, directory });
    const { sandbox, ...services } = servicesOf(ports, environments);
    await sandbox.start();
    const events = new KafkaEventLog({
      ...{ clientId: 'simulation', groupId: 'simulation', partitions: 3, replicas: 1 },
      brokers: servers.kafkaBrokers.split(','),
      topicPrefix: servers.prefix,
    });
    const database = (url: string) => new Database({ url, applicationName: 'simulation', connectionsMax: 3 });
    const databases = { ledger: database(urls.ledger), payments: database(urls.payments) };
    const stage = new Stage({ ports, services, databases, events, sandbox, directory });
    await events.ensureTopics();
    await Promise.all([services.ledger.start(), services.payments.start()]);
    await stage.ready();
    return stage;
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.ports.identity}`;
  }

  /** Resolves when both services are ready. */
  async ready(): Promise<void> {
    await Promise.all([this.services.ledger.ready(), this.services.payments.ready()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.services.ledger.stop(), this.services.payments.stop()]);
    await this.sandbox.stop();
    await this.events.close(1_000);
    await Promise.all([this.databases.ledger.close(), this.databases.payments.close()]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

interface StageParts {
  readonly ports: Ports;
  readonly services: Stage['services'];
  readonly databases: Stage['databases'];
  readonly events: KafkaEventLog;
  readonly sandbox: CrashingService;
  readonly directory: string;
}

/** The clients of the identity provider that play a part here; all have the same secret. */
export const clientOf = (name: keyof typeof scopes) => ({ clientId: name, clientSecret: secret });

/** The sandbox is a service that nobody kills. */
function servicesOf(ports: Ports, environments: ReturnType<typeof environmentsOf>) {
  const at = (port: string, path: string) => `http://127.0.0.1:${port}${path}`;
  const configuration = '/.well-known/openid-configuration';
  return {
    sandbox: new CrashingService('sandbox', at(ports.identity, configuration), environments.sandbox),
    ledger: new CrashingService('ledger', at(ports.ledgerHttp, '/readyz'), environments.ledger),
    payments: new CrashingService('payments', at(ports.paymentsHttp, '/readyz'), environments.payments),
  };
}

interface Places {
  readonly servers: StageServers;
  readonly ports: Ports;
  readonly urls: Readonly<Record<'ledger' | 'payments', string>>;
  readonly directory: string;
}

const url = (port: string) => `http://127.0.0.1:${port}`;

function environmentsOf({ servers, ports, urls, directory }: Places) {
  const clients = Object.entries(scopes).map(([id, granted]) => ({ id, secret, scopes: granted }));
  const folder = (name: string) => {
    const path = join(directory, name);
    mkdirSync(path);
    return path;
  };
  const everywhere = {
    ...{ OIDC_ISSUER: url(ports.identity), SERVICE_CLIENT_ID: 'service', SERVICE_CLIENT_SECRET: secret },
    ...{ KAFKA_BROKERS: servers.kafkaBrokers, KAFKA_TOPIC_PREFIX: servers.prefix, KAFKA_PARTITIONS: '3' },
  };
  const keys = { wechat: folder('wechat'), alipay: folder('alipay') };
  const ledger = {
    ...everywhere,
    ...{ LEDGER_HTTP_PORT: ports.ledgerHttp, LEDGER_GRPC_URL: `127.0.0.1:${ports.ledgerGrpc}` },
    ...{ LEDGER_DATABASE_URL: urls.ledger, SWEEP_SECONDS: '1' },
    ...sealEnvironment(directory),
  };
  const payments = {
    ...everywhere,
    ...paymentsEnvironment(ports, keys),
    PAYMENTS_DATABASE_URL: urls.payments,
  };
  const sandbox = {
    ...{ SANDBOX_HTTP_PORT: ports.identity, SANDBOX_CLIENTS: JSON.stringify(clients) },
    ...{ SANDBOX_DIR: folder('sandbox'), SANDBOX_UPSTREAM_PORT: ports.upstream, UPSTREAM_API_KEY: secret },
    ...{ WECHATPAY_SANDBOX_PORT: ports.wechat, WECHATPAY_SANDBOX_DIR: keys.wechat },
    ...{ WECHATPAY_SANDBOX_REFUND_DELAY_MS: 'manual', BANK_SANDBOX_PORT: ports.bank },
    ...{ ALIPAY_SANDBOX_PORT: ports.alipay, ALIPAY_SANDBOX_DIR: keys.alipay },
  };
  return { sandbox, payments, ledger };
}

async function portsOf(): Promise<Ports> {
  const free = await freePorts(portNames.length);
  return Object.fromEntries(portNames.map((name, at) => [name, String(free[at])])) as Ports;
}

function paymentsEnvironment(ports: Ports, keys: { readonly wechat: string; readonly alipay: string }) {
  return {
    ...{ PAYMENTS_HTTP_PORT: ports.paymentsHttp, PAYMENTS_GRPC_URL: `127.0.0.1:${ports.paymentsGrpc}` },
    ...{ WECHATPAY_BASE_URL: url(ports.wechat), WECHATPAY_KEYS_DIR: keys.wechat },
    ...{ WECHATPAY_NOTIFY_BASE_URL: url(ports.paymentsHttp), WECHATPAY_TIMEOUT_MS: '1500' },
    ...{ ALIPAY_GATEWAY_URL: `${url(ports.alipay)}/gateway.do`, ALIPAY_KEYS_DIR: keys.alipay },
    ...{ ALIPAY_NOTIFY_BASE_URL: url(ports.paymentsHttp), ALIPAY_TIMEOUT_MS: '1500' },
    ...{ BANK_ACCOUNTS: JSON.stringify([bankAccount]), PAYMENTS_LOOK_INTERVAL_MS: '50' },
    // Fees would leave the clearing accounts at some hour of a run; days are compared in specs of their own.
    PAYMENTS_RECONCILE_INTERVAL_MS: '3600000',
  };
}
