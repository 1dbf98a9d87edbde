import type { LedgerApi, TopicName, WireEvent } from '@app/contracts';
import { KafkaEventLog } from '@app/kafka';
import { closeGrpc, type GrpcApi, grpcClient, IdentityProvider, ServiceTokens } from '@app/transport';
import { setTimeout as pause } from 'node:timers/promises';
import { BareTables } from './bare-tables.store.ts';
import { customerCreated, customerId, topUps, usageRated } from './bench-events.ts';
import type { BenchSettings } from './bench-settings.ts';
import { startIdentity } from '../identity.ts';
import { JournalOfBench } from './journal.store.ts';
import { type Program, ServiceProcess } from '../service-process.ts';

/** A client of the ledger's gRPC door. */
export type LedgerClient = GrpcApi<LedgerApi.Ledger>;

const publishedAtOnce = 2_000;
const lookEveryMs = 25;
const patienceMs = 600_000;

/** Servers, the ledger and everybody who speaks to it. */
export class Stage {
  readonly journal: JournalOfBench;
  readonly bare: BareTables;
  private readonly events: KafkaEventLog;
  private calls = 0;

  private constructor(
    readonly settings: BenchSettings,
    private readonly identity: { readonly issuer: string; close(): void },
  ) {
    this.journal = new JournalOfBench(settings.BENCH_DATABASE_URL);
    this.bare = new BareTables(settings.BENCH_DATABASE_URL);
    this.events = new KafkaEventLog({
      clientId: 'bench',
      groupId: 'bench',
      brokers: settings.KAFKA_BROKERS.split(','),
      topicPrefix: settings.KAFKA_TOPIC_PREFIX,
      partitions: 3,
      replicas: 1,
    });
  }

  /** Opens everything and lets the ledger migrate its database and take its customers in. */
  static async open(settings: BenchSettings): Promise<Stage> {
    const stage = new Stage(settings, await startIdentity());
    await stage.bare.create();
    const customers = Array.from({ length: settings.BENCH_CUSTOMERS }, (_, index) => customerId(index));
    await stage.withLedger(async () => {
      await stage.publish('gateway.customers.v1', customers.map(customerCreated));
      await stage.publish('payments.top-ups.v1', customers.flatMap(topUps));
      await stage.until(customers.length * 4);
    });
    return stage;
  }

  /** Runs `work` with a ledger of its own process, or with what stands at its door instead. */
  async withLedger<Result>(
    work: (ledger: ServiceProcess) => Promise<Result>,
    program: Program = 'ledger',
  ): Promise<Result> {
    const ledger = await ServiceProcess.start(program, this.ledgerEnvironment());
    try {
      return await work(ledger);
    } finally {
      await ledger.stop();
    }
  }

  /** Runs `work` with a client of this ledger. */
  async withClient<Result>(
    ledger: ServiceProcess,
    work: (client: LedgerClient) => Promise<Result>,
  ): Promise<Result> {
    const client = grpcClient<LedgerApi.Ledger>({
      protoFile: 'haoli/ledger/v1/ledger.proto',
      package: 'haoli.ledger.v1',
      service: 'Ledger',
      url: ledger.grpcUrl,
      tokens: new ServiceTokens(new IdentityProvider(this.identity.issuer), {
        clientId: 'bench',
        clientSecret: 'bench',
      }),
    });
    try {
      return await work(client);
    } finally {
      closeGrpc(client);
    }
  }

  async publish(topic: TopicName, events: readonly WireEvent[]): Promise<void> {
    for (let from = 0; from < events.length; from += publishedAtOnce)
      await this.events.publish(topic, events.slice(from, from + publishedAtOnce));
  }

  /** Publishes charges without a hold, spread among so many customers. */
  async publishCharges(count: number, customers: number): Promise<void> {
    for (let from = 0; from < count; from += publishedAtOnce) {
      const size = Math.min(publishedAtOnce, count - from);
      await this.events.publish(
        'metering.rated.v1',
        Array.from({ length: size }, () => usageRated(this.customerOf(customers), this.nextCall(), null)),
      );
    }
  }

  /** The customer of the call that comes next. */
  customerOf(customers: number): string {
    return customerId(this.calls % customers);
  }

  nextCall(): string {
    this.calls += 1;
    return `call_${String(this.calls).padStart(26, '0')}`;
  }

  /** Waits until the journal has so many entries, and says how many it has. */
  async until(entries: number): Promise<number> {
    const begun = performance.now();
    for (;;) {
      const found = await this.journal.entries();
      if (found >= entries) return found;
      if (performance.now() - begun > patienceMs) {
        throw new Error(`The journal has ${String(found)} entries and was to have ${String(entries)}.`);
      }
      await pause(lookEveryMs);
    }
  }

  async close(): Promise<void> {
    await this.events.close(5_000);
    await this.bare.close();
    await this.journal.close();
    this.identity.close();
  }

  /** What the ledger is told. */
  ledgerEnvironment(): Record<string, string> {
    const { BENCH_PROFILES } = this.settings;
    return {
      ...(BENCH_PROFILES === undefined ? {} : { BENCH_PROFILES }),
      LEDGER_DATABASE_URL: this.settings.BENCH_DATABASE_URL,
      BENCH_DATABASE_URL: this.settings.BENCH_DATABASE_URL,
      KAFKA_BROKERS: this.settings.KAFKA_BROKERS,
      KAFKA_TOPIC_PREFIX: this.settings.KAFKA_TOPIC_PREFIX,
      KAFKA_PARTITIONS: '3',
      OIDC_ISSUER: this.identity.issuer,
      SERVICE_CLIENT_ID: 'bench',
      SERVICE_CLIENT_SECRET: 'bench',
      // Holds are placed long before they are settled here, and must not expire meanwhile.
      HOLD_EXPIRY_SECONDS: '86400',
    };
  }
}
