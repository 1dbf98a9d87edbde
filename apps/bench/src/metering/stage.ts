import type { TopicName, WireEvent } from '@app/contracts';
import { KafkaEventLog } from '@app/kafka';
import { Database } from '@app/persistence';
import { IdentityProvider, ServiceTokens } from '@app/transport';
import { startIdentity } from '../identity.ts';
import type { BenchSettings } from './bench-settings.ts';
import { ServiceProcess } from '../service-process.ts';

const partitions = 3;

/** Servers, metering and everybody who speaks to it. */
export class Stage {
  readonly database: Database;
  private readonly events: KafkaEventLog;
  private readonly tokens: ServiceTokens;

  private constructor(
    readonly settings: BenchSettings,
    private readonly identity: { readonly issuer: string; close(): void },
  ) {
    this.database = new Database({ url: settings.BENCH_DATABASE_URL, applicationName: 'bench' });
    this.events = new KafkaEventLog({
      ...{ clientId: 'bench', groupId: 'bench', brokers: settings.KAFKA_BROKERS.split(',') },
      ...{ topicPrefix: settings.KAFKA_TOPIC_PREFIX, partitions, replicas: 1 },
    });
    this.tokens = new ServiceTokens(new IdentityProvider(identity.issuer), {
      ...{ clientId: 'bench', clientSecret: 'bench' },
    });
  }

  static async open(settings: BenchSettings): Promise<Stage> {
    return new Stage(settings, await startIdentity('usage:read'));
  }

  /** Runs `work` with metering as a process of its own, migrated and with its ready-made prices. */
  async withMetering<Result>(work: (metering: ServiceProcess) => Promise<Result>): Promise<Result> {
    const metering = await ServiceProcess.start('metering', {
      METERING_DATABASE_URL: this.settings.BENCH_DATABASE_URL,
      KAFKA_BROKERS: this.settings.KAFKA_BROKERS,
      KAFKA_TOPIC_PREFIX: this.settings.KAFKA_TOPIC_PREFIX,
      KAFKA_PARTITIONS: String(partitions),
      OIDC_ISSUER: this.identity.issuer,
      SERVICE_CLIENT_ID: 'bench',
      SERVICE_CLIENT_SECRET: 'bench',
    });
    try {
      return await work(metering);
    } finally {
      await metering.stop();
    }
  }

  async publish(topic: TopicName, events: readonly WireEvent[]): Promise<void> {
    await this.events.publish(topic, events);
  }

  /** The version that is in force for a model of the ready-made card. */
  async priceVersionOf(model: string): Promise<string> {
    const [row] = await this.database.query<{ id: string }>(
      `SELECT price_version_id AS id FROM price_version WHERE rate_card = 'standard' AND model = $1`,
      [model],
    );
    if (row === undefined) throw new Error(`There is no ready-made price of ${model}.`);
    return row.id;
  }

  /** How many rated calls have been given to the broker. */
  async told(): Promise<number> {
    const [row] = await this.database.query<{ told: string }>(
      `SELECT count(*) AS told FROM outbox, outbox_cursor
        WHERE topic = 'metering.rated.v1' AND (outbox.xid, outbox.id) <= (outbox_cursor.xid, outbox_cursor.id)`,
    );
    return Number(row?.told ?? 0);
  }

  /** The number of the outbox row that was given to the broker last: cheap to ask, and about as many as were told. */
  async place(): Promise<number> {
    const [row] = await this.database.query<{ id: string }>('SELECT id FROM outbox_cursor');
    return Number(row?.id ?? 0);
  }

  /** A read at metering's REST door. */
  async read(metering: ServiceProcess, path: string): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${await this.tokens.bearer()}` };
    const answer = await fetch(metering.httpUrl + path, { headers });
    if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  async close(): Promise<void> {
    await this.events.close(5_000);
    await this.database.close();
    this.identity.close();
  }
}
