import {
  encodeEvent,
  type Event,
  type LedgerApi,
  topics,
  type TopicName,
  type WireEvent,
} from '@app/contracts';
import { KafkaEventLog } from '@app/kafka';
import { Database, newId } from '@app/persistence';
import { eventually, freshDatabase, startIdentity, testServers, topicPrefix } from '@app/testing';
import {
  closeGrpc,
  type GrpcApi,
  grpcClient,
  IdentityProvider,
  ServiceTokens,
  startService,
} from '@app/transport';
import { Metadata } from '@grpc/grpc-js';
import { ledgerSettings, type LedgerSettings } from '../src/ledger-settings.ts';
import { LedgerModule } from '../src/ledger.module.ts';
import { aCustomer, aTopUp } from './events.ts';
import { sealSettings } from './seals-for-specs.ts';

const package_ = 'haoli.ledger.v1';
const protoFile = 'haoli/ledger/v1/ledger.proto';

/** The whole ledger with its doors, on its own database and topics. */
export type ServiceForSpecs = Awaited<ReturnType<typeof ledgerService>>;

/** An answer over REST. */
export interface RestAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly replayed: boolean;
}

/** Starts it. `take` puts the settings into the environment, which only specs may do. */
export async function ledgerService(
  name: string,
  port: number,
  take: (environment: Record<string, string>) => void,
) {
  const identity = await startIdentity();
  const environment = await environmentOf(identity.issuer, name, port);
  take(environment);
  const settings = ledgerSettings.parse(environment);
  const grpc = { url: settings.LEDGER_GRPC_URL, package: package_, protoFile };
  const module = LedgerModule.forRoot(settings);
  const service = await startService({
    name: 'ledger',
    module,
    httpPort: 0,
    grpc,
    title: 'ledger',
    description: 'spec',
  });
  const base = await service.getUrl();
  const log = eventLogOf(settings);
  const { someone, nobody, leave } = peopleOf(identity, base, grpc.url);
  const publish = (topic: TopicName, ...events: Event[]): Promise<void> =>
    log.publish(
      topic,
      events.map((event) => encodeEvent(topic, event)),
    );
  const database = service.get(Database, { strict: false });
  return {
    base,
    database,
    someone,
    nobody,
    /** A token with these scopes. */
    token: (scopes: string) => identity.token(scopes),
    publish,
    /** Publishes an event as bytes that were changed on the way; the ids by which they went. */
    publishRaw: async (
      topic: TopicName,
      event: Event,
      changes: readonly ((wire: WireEvent) => WireEvent)[],
    ): Promise<string[]> => {
      const wires = changes.map((change) => change(encodeEvent(topic, event)));
      await log.publish(topic, wires);
      return wires.map(({ headers }) => headers['ce_id'] ?? '');
    },
    /** A customer whose wallet has this much. */
    wallet: async (amount: string) => {
      const customerId = newId('cus');
      const topUpId = newId('top');
      await publish(topics.customers.name, aCustomer(customerId));
      await publish(topics.topUps.name, aTopUp(customerId, topUpId, amount));
      await entriesReached(database, customerId, 2);
      return { customerId, topUpId };
    },
    entriesReached: (bookId: string, count: number) => entriesReached(database, bookId, count),
    /** Waits until an event has become an entry. */
    recorded: (bookId: string, eventId: string) =>
      appears(database, 'SELECT 1 FROM entry WHERE book_id = $1 AND event_id = $2', [bookId, eventId]),
    /** Waits for what the ledger announces under an event id: its JSON. */
    announced: async (eventId: string): Promise<string> => {
      const sql = 'SELECT value FROM outbox WHERE event_id = $1';
      return (await appears<{ value: string }>(database, sql, [eventId])).value;
    },
    /** Waits until an event is parked, and says why. */
    parked: (eventId: string) =>
      appears<{ kind: string; reason: string }>(
        database,
        `SELECT kind, reason FROM parked_message WHERE coalesce(event_id, headers ->> 'ce_id') = $1`,
        [eventId],
      ),
    close: async () => {
      leave();
      await log.close(1_000);
      await service.close();
      await identity.close();
    },
  };
}

async function entriesReached(database: Database, bookId: string, count: number): Promise<void> {
  const sql = 'SELECT 1 FROM entry WHERE book_id = $1 AND version = $2';
  await appears(database, sql, [bookId, count]);
}

/** Waits for a row. */
export async function appears<Row extends object>(
  database: Database,
  sql: string,
  values: readonly unknown[],
): Promise<Row> {
  const found = eventually(
    () => database.query<Row>(sql, values),
    (rows) => rows.length > 0,
  );
  const [row] = await found.catch((cause: unknown) => {
    throw new Error(`Not in time: ${sql} ${JSON.stringify(values)}`, { cause });
  });
  if (row === undefined) throw new Error('there is one');
  return row;
}

class NoTokens extends ServiceTokens {
  override metadata(): Promise<Metadata> {
    return Promise.resolve(new Metadata());
  }
}

/** People and programs who use a ledger at these addresses. */
export function peopleOf(identity: Awaited<ReturnType<typeof startIdentity>>, base: string, url: string) {
  const clients: GrpcApi<LedgerApi.Ledger>[] = [];

  /** A person or a program with these scopes, by both doors. */
  const someone = (subject: string, scopes: string) => {
    const tokens = new ServiceTokens(new IdentityProvider(identity.issuer), {
      clientId: `${subject}|${scopes}`,
      clientSecret: 'secret',
    });
    const api = grpcClient<LedgerApi.Ledger>({
      protoFile,
      package: package_,
      service: 'Ledger',
      url,
      tokens,
    });
    clients.push(api);
    const send = async (path: string, init: RequestInit): Promise<RestAnswer> => {
      const authorization = `Bearer ${await identity.token(scopes, subject)}`;
      const headers = { ...(init.headers as Record<string, string>), authorization };
      const response = await fetch(`${base}${path}`, { ...init, headers });
      const text = await response.text();
      const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
      return {
        status: response.status,
        body,
        replayed: response.headers.get('idempotent-replayed') === 'true',
      };
    };
    return {
      api,
      get: (path: string) => send(path, {}),
      /** Posts JSON, or a text as it is; without a key where it is null. */
      post: (path: string, body: unknown, key: string | null = newId('key')) =>
        send(path, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(key === null ? {} : { 'idempotency-key': key }),
          },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
    };
  };

  /** Who has no token. */
  const nobody = grpcClient<LedgerApi.Ledger>({
    ...{ protoFile, package: package_, service: 'Ledger', url },
    tokens: new NoTokens(new IdentityProvider(identity.issuer), { clientId: '', clientSecret: '' }),
  });
  clients.push(nobody);

  const leave = () => {
    for (const api of clients) closeGrpc(api);
  };
  return { someone, nobody, leave };
}

/** The settings of a ledger on its own database and topics. */
export async function environmentOf(issuer: string, name: string, port: number) {
  return {
    ...(await sealSettings()),
    KAFKA_BROKERS: testServers().kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix(),
    KAFKA_PARTITIONS: '3',
    OIDC_ISSUER: issuer,
    SERVICE_CLIENT_ID: 'spec',
    SERVICE_CLIENT_SECRET: 'secret',
    LEDGER_HTTP_PORT: '0',
    LEDGER_GRPC_URL: `127.0.0.1:${port}`,
    LEDGER_DATABASE_URL: await freshDatabase(name),
    LOG_LEVEL: 'warn',
  };
}

const eventLogOf = (settings: LedgerSettings): KafkaEventLog =>
  new KafkaEventLog({
    ...{ clientId: 'spec', groupId: 'spec', brokers: settings.KAFKA_BROKERS, partitions: 3, replicas: 1 },
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
  });
