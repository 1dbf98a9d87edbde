import { type WireEvent } from '@app/contracts';
import { KafkaEventLog } from '@app/kafka';
import { Money } from '@app/money';
import { Database } from '@app/persistence';
import { IdentityProvider, ServiceTokens } from '@app/transport';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { startIdentity } from '../identity.ts';
import { topUps } from '../ledger/bench-events.ts';
import { ServiceProcess } from '../service-process.ts';
import type { BenchSettings } from './bench-settings.ts';
import { Caller } from './caller.client.ts';
import { Costs } from './costs.ts';

const partitions = 3;
const patienceMs = 120_000;
const scopes =
  'ledger:read holds:write prices:read usage:read usage:write customers:read customers:write payments:read';
const model = 'gpt-5.5';
const nobody = '127.0.0.1:9';

/** A customer of this benchmark. */
interface BenchCustomer {
  readonly customerId: string;
  readonly key: string;
}

/** The gateway and all that it leans on, each a process of its own, and the provider behind it. */
export class Stage {
  private asked = 0;

  private constructor(
    readonly settings: BenchSettings,
    readonly gateway: ServiceProcess,
    private readonly services: readonly ServiceProcess[],
    private readonly ledgerRows: Database,
    private readonly customers: readonly BenchCustomer[],
    private readonly end: () => Promise<void>,
    /** The calls that are measured, and the same at the provider itself. */
    readonly through: Caller,
    readonly direct: Caller,
  ) {}

  /** Starts everything; resolves when a call would be answered. */
  static async open(settings: BenchSettings): Promise<Stage> {
    const identity = await startIdentity(scopes);
    const urls = await databases(settings.BENCH_DATABASE_URL);
    const environment = {
      KAFKA_BROKERS: settings.KAFKA_BROKERS,
      KAFKA_PARTITIONS: String(partitions),
      ...(settings.BENCH_PROFILES === undefined ? {} : { BENCH_PROFILES: settings.BENCH_PROFILES }),
      ...{ OIDC_ISSUER: identity.issuer, SERVICE_CLIENT_ID: 'bench', SERVICE_CLIENT_SECRET: 'bench' },
    };
    const [ledger, metering, upstream] = await Promise.all([
      ServiceProcess.start('ledger', { ...environment, LEDGER_DATABASE_URL: urls.ledger }),
      ServiceProcess.start('metering', { ...environment, METERING_DATABASE_URL: urls.metering }),
      ServiceProcess.start('fake upstream', {}),
    ]);
    const gateway = await ServiceProcess.start('gateway', {
      ...environment,
      ...{ GATEWAY_DATABASE_URL: urls.gateway, API_KEY_PEPPER: randomBytes(32).toString('hex') },
      ...{ LEDGER_GRPC_URL: ledger.grpcUrl, LEDGER_HTTP_URL: ledger.httpUrl },
      ...{ METERING_GRPC_URL: metering.grpcUrl, METERING_HTTP_URL: metering.httpUrl },
      ...{ PAYMENTS_GRPC_URL: nobody, PAYMENTS_HTTP_URL: `http://${nobody}` },
      ...{ UPSTREAM_BASE_URL: `${upstream.httpUrl}/v1`, UPSTREAM_API_KEY: 'sk-bench' },
    });
    const tokens = new ServiceTokens(new IdentityProvider(identity.issuer), {
      ...{ clientId: 'bench', clientSecret: 'bench' },
    });
    const customers = await newCustomers(gateway, settings, await tokens.bearer());
    await topUpAll(customers, settings);
    const ledgerRows = new Database({ url: urls.ledger, applicationName: 'bench' });
    const callers = [new Caller(gateway.httpUrl), new Caller(upstream.httpUrl)] as const;
    const services = [gateway, ledger, metering, upstream];
    const end = async (): Promise<void> => {
      await Promise.all(callers.map((caller) => caller.close()));
      await ledgerRows.close();
      for (const service of services) await service.stop();
      identity.close();
    };
    const stage = new Stage(settings, gateway, services, ledgerRows, customers, end, ...callers);
    await stage.untilSold();
    return stage;
  }

  /** The processor time of everything, from now on. */
  costs(): Costs {
    const [gateway, ledger, metering, upstream] = this.services.map(({ pid }) => pid);
    return new Costs({
      ...{ gateway: gateway ?? -1, ledger: ledger ?? -1, metering: metering ?? -1 },
      ...{ PostgreSQL: this.settings.BENCH_POSTGRES_PID, Kafka: this.settings.BENCH_KAFKA_PID },
      ...{ upstream: upstream ?? -1, caller: process.pid },
    });
  }

  /** The key of the customer whose turn it is. */
  nextKey(): string {
    this.asked += 1;
    return this.customers[this.asked % this.customers.length]?.key ?? '';
  }

  /** Holds that are open at the ledger. */
  async openHolds(): Promise<number> {
    const [row] = await this.ledgerRows.query<{ open: string }>('SELECT count(*) AS open FROM hold');
    return Number(row?.open);
  }

  /** What is left of all the money, with nothing held; undefined while something still is. */
  async moneyLeft(): Promise<Money | undefined> {
    const balances = await Promise.all(this.customers.map(({ key }) => this.read('/v1/balance', key)));
    if (balances.some(({ held }) => held !== '0')) return undefined;
    const { currency } = balances[0] ?? {};
    return Money.sum(
      balances.map(({ paid }) => Money.of(String(paid), String(currency))),
      String(currency),
    );
  }

  /** Waits until nothing is held any more; gives what is left and how many seconds that took. */
  async settled(): Promise<{ readonly left: Money; readonly seconds: number }> {
    const begun = performance.now();
    for (;;) {
      const left = await this.moneyLeft();
      const seconds = (performance.now() - begun) / 1_000;
      if (left !== undefined) return { left, seconds };
      if (seconds * 1_000 > patienceMs) throw new Error(`${String(await this.openHolds())} holds stay open.`);
      await pause(200);
    }
  }

  /** A read at the gateway with a customer's key. */
  async read(path: string, key = this.nextKey()): Promise<Record<string, unknown>> {
    const answer = await fetch(this.gateway.httpUrl + path, { headers: { authorization: `Bearer ${key}` } });
    if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  close(): Promise<void> {
    return this.end();
  }

  private async untilSold(): Promise<void> {
    const begun = performance.now();
    for (;;) {
      const [{ data }, left] = await Promise.all([
        this.read('/v1/models'),
        this.moneyLeft().catch(() => undefined),
      ]);
      const isSold = (data as readonly { readonly id: string }[]).some(({ id }) => id === model);
      if (isSold && left?.isZero() === false) return;
      if (performance.now() - begun > patienceMs)
        throw new Error(`${model} is not sold, or nobody has money.`);
      await pause(200);
    }
  }
}

/** The body of a call that wants something of the provider. */
export const bodyOf = (words: string, stream = false): string =>
  JSON.stringify({
    model,
    messages: [{ role: 'user', content: words }],
    max_tokens: 64,
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  });

async function databases(url: string) {
  const names = ['gateway', 'metering', 'ledger'] as const;
  const server = new Database({ url, applicationName: 'bench' });
  for (const name of names) await server.query(`CREATE DATABASE bench_of_${name}`);
  await server.close();
  const urlOf = (name: (typeof names)[number]): string => {
    const own = new URL(url);
    own.pathname = `/bench_of_${name}`;
    return own.href;
  };
  return { gateway: urlOf('gateway'), metering: urlOf('metering'), ledger: urlOf('ledger') };
}

async function newCustomers(
  { httpUrl }: ServiceProcess,
  { BENCH_CUSTOMERS }: BenchSettings,
  token: string,
): Promise<readonly BenchCustomer[]> {
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await fetch(httpUrl + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(`${path}: ${String(answer.status)} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  const customers: BenchCustomer[] = [];
  for (let index = 0; index < BENCH_CUSTOMERS; index += 1) {
    const { customerId } = await post('/v1/admin/customers', { name: 'Bench', plan: 'usd-credit' });
    const { key } = await post(`/v1/admin/customers/${String(customerId)}/keys`, {});
    customers.push({ customerId: String(customerId), key: String(key) });
  }
  return customers;
}

async function topUpAll(
  customers: readonly BenchCustomer[],
  { KAFKA_BROKERS }: BenchSettings,
): Promise<void> {
  const events = new KafkaEventLog({
    ...{ clientId: 'bench', groupId: 'bench', brokers: KAFKA_BROKERS.split(',') },
    ...{ topicPrefix: '', partitions, replicas: 1 },
  });
  const records: WireEvent[] = customers.flatMap(({ customerId }) => topUps(customerId));
  await events.publish('payments.top-ups.v1', records);
  await events.close(5_000);
}
