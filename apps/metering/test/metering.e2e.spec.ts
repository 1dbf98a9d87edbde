import {
  encodeEvent,
  type Event,
  type EventOf,
  type MeteringApi,
  topics,
  type UsageRated,
} from '@app/contracts';
import { type EventBatch, KafkaConsumerServer, KafkaEventLog } from '@app/kafka';
import { Units18 } from '@app/money';
import { Database } from '@app/persistence';
import { eventually, freePort, freshDatabase, startIdentity, testServers, topicPrefix } from '@app/testing';
import {
  closeGrpc,
  type GrpcApi,
  grpcClient,
  grpcUpload,
  IdentityProvider,
  ServiceTokens,
  startService,
} from '@app/transport';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { meteringSettings } from '../src/metering-settings.ts';
import { MeteringModule } from '../src/metering.module.ts';
import { aCustomer, anEnd, aStart } from './open-metering.ts';

let port: number;
let identity: Awaited<ReturnType<typeof startIdentity>>;
let service: NestFastifyApplication;
let api: GrpcApi<MeteringApi.Metering>;
let database: Database;
let log: KafkaEventLog;
let base: string;

beforeAll(async () => {
  identity = await startIdentity();
  port = await freePort();
  const { kafkaBrokers } = testServers();
  const url = await freshDatabase('metering-e2e');
  const environment = {
    KAFKA_BROKERS: kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix(),
    KAFKA_PARTITIONS: '3',
    OIDC_ISSUER: identity.issuer,
    SERVICE_CLIENT_ID: 'spec',
    SERVICE_CLIENT_SECRET: 'secret',
    METERING_HTTP_PORT: '0',
    METERING_GRPC_URL: `127.0.0.1:${port.toString()}`,
    METERING_DATABASE_URL: url,
    METERING_ABANDONED_INTERVAL_MS: '300',
    METERING_PRICE_LEAD_SECONDS: '1',
    METERING_PRICE_CHANGE_PERCENT_MAX: '60',
    LOG_LEVEL: 'warn',
  };
  Object.assign(process.env, environment);
  const settings = meteringSettings.parse(environment);
  service = await startService({
    name: 'metering',
    module: MeteringModule.forRoot(settings),
    httpPort: 0,
    grpc: {
      url: settings.METERING_GRPC_URL,
      package: 'haoli.metering.v1',
      protoFile: 'haoli/metering/v1/metering.proto',
    },
    title: 'metering',
    description: 'spec',
  });
  base = await service.getUrl();
  database = service.get(Database, { strict: false });
  log = new KafkaEventLog({
    ...{ clientId: 'spec', groupId: 'spec', brokers: settings.KAFKA_BROKERS, partitions: 3, replicas: 1 },
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
  });
  api = clientOf('usage:write usage:read');
  await publish(topics.customers.name, [aCustomer({ rateCardId: 'standard' })]);
  await eventually(async () => (await count('customer')) === 1);
}, 120_000);

afterAll(async () => {
  closeGrpc(api);
  await log.close(1_000);
  await service.close();
  await identity.close();
});

describe('RecordUsage', () => {
  afterAll(() => allRated(170), 180_000);

  it('takes a stream of 20,000 items, acknowledges them, and rates each once', async () => {
    const begun = performance.now();
    const summary = await upload(items(20_000));
    const acknowledged = performance.now();
    expect(summary).toMatchObject({
      received: '20000',
      recorded: '20000',
      duplicates: '0',
      refused: '0',
      errors: [],
    });
    expect(await count('usage_record')).toBe(20_000);
    await allRated(170);
    expect(await count("call WHERE outcome = 'charged'")).toBe(20_000);
    const [taken, rated] = [acknowledged, performance.now()].map((at) => Math.round(at - begun).toString());
    process.stderr.write(`20,000 items: acknowledged in ${taken ?? ''} ms, rated in ${rated ?? ''} ms\n`);
    const again = await upload(items(20_000));
    expect(again).toMatchObject({ received: '20000', recorded: '0', duplicates: '20000' });
    const page = await api.GetUsage(
      question({ bucketWidth: 'month', from: '2026-11-01T00:00:00Z', to: '2026-11-23T00:00:00Z' }),
      patient,
    );
    const charges = page.buckets.flatMap(({ results }) =>
      results.map(({ charge }) => Units18.fromText(charge)),
    );
    expect(Units18.toText(Units18.sum(charges))).toBe(independentTotal(20_000));
  }, 300_000);

  it('names bad items of a stream by place and field, and takes the others', async () => {
    const summary = await upload([
      item(1, { id: 'mixed-1' }),
      item(2, { id: 'mixed-2', occurredAt: 'yesterday' }),
      item(3, { id: 'mixed-3', tokens: { input: '-4' } }),
      item(4, { id: 'mixed-4', customerId: 'cus_nobody' }),
    ]);
    expect(summary).toMatchObject({ received: '4', recorded: '1', refused: '3' });
    expect(summary.errors.map(({ index, id, code, field }) => [index, id, code, field])).toEqual([
      ['1', 'mixed-2', 'invalid', 'occurred_at'],
      ['2', 'mixed-3', 'invalid', 'tokens.input'],
      ['3', 'mixed-4', 'unknown-customer', 'customer_id'],
    ]);
  });

  it('outlives a stream whose caller goes away in the middle', async () => {
    function* broken() {
      for (let index = 0; index < 1_500; index += 1) yield item(index, { id: `broken-${index.toString()}` });
      throw new Error('the caller is gone');
    }
    await expect(upload(broken())).rejects.toThrow('the caller is gone');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await record(item(1, { id: 'after-broken' }))).outcome).toBe('recorded');
    expect(await upload([item(0, { id: 'broken-0' })])).toMatchObject({ received: '1' });
  });

  it('tells the caller of a stream that it cannot be recorded, and lives on', async () => {
    await database.query('ALTER TABLE usage_record RENAME TO usage_record_away');
    try {
      await expect(upload([item(1, { id: 'unlucky' })])).rejects.toMatchObject({ status: 500 });
    } finally {
      await database.query('ALTER TABLE usage_record_away RENAME TO usage_record');
    }
    expect(await upload([item(1, { id: 'unlucky' })])).toMatchObject({ recorded: '1' });
  });

  it('rates late and out-of-order items at the price of their own time', async () => {
    await publish(topics.customers.name, [aCustomer({ customerId: 'cus_late', rateCardId: 'late-card' })]);
    await eventually(async () => (await count("customer WHERE customer_id = 'cus_late'")) === 1);
    const change = new Date(Date.now() + 10_000).toISOString();
    for (const [effectiveFrom, input] of [
      ['2024-01-01T00:00:00Z', '2'],
      [change, '3'],
    ] as const) {
      const price = { model: 'late', currency: 'CNY', effectiveFrom, rates: { input, output: '0' } };
      expect((await post('/v1/rate-cards/late-card/price-versions', 'prices:publish', price)).status).toBe(
        201,
      );
    }
    await eventually(() => Date.now() > Date.parse(change) + 100);
    const late = { customerId: 'cus_late', model: 'late', tokens: { input: '1000000' } };
    const times = [change, '2024-01-01T00:00:00Z', '2023-12-31T23:59:59.999999Z', justBefore(change)];
    const summary = await upload(
      times.map((occurredAt, index) => item(index, { ...late, id: `late-${String(index)}`, occurredAt })),
    );
    expect(summary).toMatchObject({ recorded: '4' });
    await eventually(async () => (await count("call WHERE customer_id = 'cus_late'")) === 4);
    const { calls } = await api.ListCalls(everyCallOf('cus_late'), patient);
    expect(calls.map(({ charge, reason }) => charge || reason)).toEqual(['3', '2', '2', 'no-price']);
  }, 120_000);

  it('takes no more from a stream than it can make durable', async () => {
    let sent = 0;
    function* endless() {
      for (; sent < 20_000; sent += 1) yield item(sent, { id: `pressed-${sent.toString()}` });
    }
    const { promise: locked, resolve: isLocked } = Promise.withResolvers<undefined>();
    const blocked = database.transaction(async (tx) => {
      await tx.query('LOCK TABLE usage_record IN ACCESS EXCLUSIVE MODE');
      isLocked(undefined);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return sent;
    });
    await locked;
    const uploading = upload(endless()).catch((error: unknown) => error);
    expect(await blocked).toBeLessThan(15_000);
    expect(await uploading).toMatchObject({ received: '20000', refused: '0' });
  }, 300_000);

  it('answers a single item, its repetition and its changed repetition', async () => {
    const first = await record(item(1, { id: 'single' }));
    expect(first.outcome).toBe('recorded');
    expect(await record(item(1, { id: 'single' }))).toEqual({ ...first, outcome: 'duplicate' });
    await expect(record(item(2, { id: 'single' }))).rejects.toMatchObject({
      code: 'conflict',
      status: 409,
    });
    await expect(record(item(2, { id: '' }))).rejects.toMatchObject({ details: { field: 'id' } });
  });

  it('is closed to a token without usage:write', async () => {
    const reader = clientOf('usage:read');
    await expect(record(item(1), reader)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(grpcUpload(reader, 'RecordUsageStream', items(1))).rejects.toMatchObject({
      code: 'forbidden',
    });
    closeGrpc(reader);
  });
});

describe('the REST doors', () => {
  it('record a batch and answer each item', async () => {
    const event = (id: string, changes = {}) => ({
      ...{ specversion: '1.0', type: 'haoli.UsageReported.v1', id, source: 'rest', subject: 'cus_1' },
      ...{ time: '2026-11-20T08:00:00Z', data: { model: 'gpt-5.5', tokens: { input: 1 } }, ...changes },
    });
    const body = [event('a'), event('b', { data: { model: '' } }), event('a')];
    const answer = await post('/v1/usage-records', 'usage:write', body);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ recorded: 1, duplicates: 1, refused: 1 });
    expect((answer.body['items'] as { field?: string }[])[1]?.field).toBe('data.model');
    expect((await post('/v1/usage-records', 'usage:write', Array(1_001).fill(event('c')))).status).toBe(400);
    expect((await post('/v1/usage-records', 'usage:read', body)).status).toBe(403);
  });

  it('take a provider’s body in place of counts, and no batch that is too long', async () => {
    const event = (id: string, data: object) => ({
      ...{ specversion: '1.0', type: 'haoli.UsageReported.v1', id, source: 'bodies', subject: 'cus_1' },
      ...{ time: '2026-11-20T08:00:00Z', data: { model: 'gpt-5.5', ...data } },
    });
    const rawUsage = { prompt_tokens: 9, completion_tokens: 3 };
    const answer = await post('/v1/usage-records', 'usage:write', [
      event('good', { usageFamily: 'openai-chat', rawUsage }),
      event('both', { usageFamily: 'openai-chat', rawUsage, tokens: { input: 1 } }),
      event('whose', { rawUsage }),
      event('unknown', { usageFamily: 'openai', rawUsage }),
    ]);
    const items = answer.body['items'] as { outcome: string; field?: string }[];
    expect(items.map(({ outcome, field }) => field ?? outcome)).toEqual([
      ...['recorded', 'data.tokens', 'data.usageFamily', 'data.usageFamily'],
    ]);
    const long = event('long', { usageFamily: 'openai-chat', rawUsage: 'x'.repeat(5_000_000) });
    expect((await post('/v1/usage-records', 'usage:write', [long])).status).toBe(413);
  });

  it('let only who may resolve what is quarantined', async () => {
    const impossible = {
      ...{ specversion: '1.0', type: 'haoli.UsageReported.v1', id: 'odd', source: 'rest', subject: 'cus_1' },
      ...{ time: '2026-11-20T08:00:00Z', data: { model: 'gpt-5.5', usageFamily: 'anthropic', rawUsage: {} } },
    };
    await post('/v1/usage-records', 'usage:write', [impossible]);
    const open = async () =>
      (await get('/v1/quarantined-calls')).body['calls'] as {
        callId: string;
        eventId: string;
        customerId: string;
      }[];
    await eventually(async () => (await open()).some(({ customerId }) => customerId === 'cus_1'));
    const { callId = '', eventId = '' } =
      (await open()).find(({ customerId }) => customerId === 'cus_1') ?? {};
    const path = `/v1/quarantined-calls/cus_1/${callId}/${eventId}/resolution`;
    const resolution = { action: 'charge', tokens: { input: 1_000_000 }, reason: 'told by mail on Monday' };
    expect((await post(path, 'usage:write', resolution)).status).toBe(403);
    const vague = await post(path, 'quarantine:resolve', { action: 'close' });
    expect(vague).toMatchObject({ status: 400, body: { field: 'reason' } });
    const done = await post(path, 'quarantine:resolve', resolution);
    expect(done).toMatchObject({ status: 200, body: { charge: '2.5', actor: 'spec' } });
    expect(await post(path, 'quarantine:resolve', resolution)).toEqual(done);
    expect(
      (await post(path, 'quarantine:resolve', { action: 'close', reason: 'changed my mind' })).status,
    ).toBe(409);
    const { body } = await get('/v1/quarantine-resolutions');
    expect(body['resolutions']).toMatchObject([{ callId, action: 'charge', actor: 'spec' }]);
  });

  it('show prices to everyone and publish them for those who may', async () => {
    const { versions } = (await (await fetch(`${base}/v1/pricing?card=hk`)).json()) as {
      versions: { model: string }[];
    };
    expect(versions.map(({ model }) => model)).toEqual(['gpt-3.5-turbo', 'gpt-4', 'midjourney']);
    const price = {
      model: 'm-1',
      currency: 'CNY',
      effectiveFrom: '2020-01-01T00:00:00Z',
      rates: { input: '1', output: '2' },
    };
    const first = await post('/v1/rate-cards/spec-card/price-versions', 'prices:publish', price);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      outcome: 'published',
      versions: [{ model: 'm-1', publishedBy: 'spec' }],
    });
    const again = await post('/v1/rate-cards/spec-card/price-versions', 'prices:publish', price);
    expect(again.body['versions']).toEqual(first.body['versions']);
    const past = await post('/v1/rate-cards/spec-card/price-versions', 'prices:publish', {
      ...{ ...price, effectiveFrom: '2021-01-01T00:00:00Z' },
    });
    expect([past.status, past.body['code'], past.body['field']]).toEqual([
      422,
      'price-in-the-past',
      'effectiveFrom',
    ]);
    expect((await post('/v1/rate-cards/spec-card/price-versions', 'usage:read', price)).status).toBe(403);
  });

  it('show announced changes of public cards, page by page, and keep other cards to those who may see them', async () => {
    const page = await get('/v1/pricing/changes?card=hk&pageSize=2');
    expect(page.body['changes']).toMatchObject([
      { previousPriceVersionId: null },
      { previousPriceVersionId: null },
    ]);
    const next = await get(
      `/v1/pricing/changes?card=hk&pageSize=2&cursor=${String(page.body['nextCursor'])}`,
    );
    expect(next.body).toMatchObject({ changes: [{ version: { rateCardId: 'hk' } }], nextCursor: '' });
    expect((await get('/v1/pricing/changes?cursor=nonsense')).body).toMatchObject({
      code: 'invalid-request',
      field: 'cursor',
    });
    expect((await get('/v1/pricing?card=spec-card')).body).toMatchObject({
      code: 'not-found',
      field: 'card',
    });
    expect((await get('/v1/rate-cards/spec-card/price-versions')).status).toBe(403);
    const reader = clientOf('prices:read');
    const { versions } = await reader.ListPrices({ rateCard: 'spec-card', publicCard: '' }, patient);
    expect(versions.map(({ model, effectiveTo, terms }) => [model, effectiveTo, terms?.rates])).toEqual([
      ['m-1', '', { input: '1', output: '2' }],
    ]);
    closeGrpc(reader);
  });

  it('let a second person approve what is beyond the limit, and refuse the same one', async () => {
    const path = '/v1/rate-cards/spec-card/price-versions';
    const effectiveFrom = new Date(Date.now() + 3_600_000).toISOString();
    const price = { model: 'm-1', currency: 'CNY', effectiveFrom, rates: { input: '3', output: '2' } };
    const dryRun = await post(`${path}?dryRun=true`, 'prices:publish', price);
    expect([dryRun.status, dryRun.body]).toMatchObject([200, { outcome: 'examined', needsApproval: true }]);
    expect((await post(path, 'prices:publish', price)).body).toMatchObject({ field: 'reason' });
    const waits = await post(path, 'prices:publish', { ...price, reason: 'the supplier raised it' });
    expect([waits.status, waits.body]).toMatchObject([202, { outcome: 'waits', versions: [] }]);
    const proposal = `/v1/price-proposals/${String(waits.body['proposalId'])}`;
    const { payloadSha256 } = (await get(proposal, 'prices:read')).body;
    const decision = { payloadSha256, reason: 'agreed' };
    expect((await post(`${proposal}/approve`, 'prices:publish', decision)).status).toBe(403);
    const itself = await post(`${proposal}/approve`, 'prices:approve', decision);
    expect([itself.status, itself.body['field']]).toEqual([403, 'proposalId']);
    const approved = await post(`${proposal}/approve`, 'prices:approve', decision, 'second-person');
    expect([approved.status, approved.body]).toMatchObject([
      200,
      { status: 'published', decidedBy: 'second-person' },
    ]);
  });

  it('take prices by gRPC with the same words as by REST', async () => {
    const publisher = clientOf('prices:publish');
    const official = {
      ...{ rates: { input: '30', output: '60' }, fallback: {}, unitPrices: {}, tiers: [], windows: [] },
    };
    const derivation = {
      ...{ officialCurrency: 'USD', officialAsOf: '2026-11-22', officialSource: 'the supplier', official },
      ...{
        fxRate: '7.1',
        fxAsOf: '2026-11-22',
        fxSource: 'central parity',
        discountTimes: '',
        discountDividedBy: '',
      },
      ...{ roundingMode: '', roundingDecimals: 0 },
    };
    const version = {
      ...{
        rateCard: 'spec-grpc',
        model: 'gpt-4',
        currency: 'CNY',
        effectiveFrom: '2026-01-01T00:00:00Z',
        basis: '',
      },
      ...{ terms: undefined, derivation, limits: undefined, costs: [] },
    };
    const answer = await publisher.PublishPrices({ versions: [version], reason: '', dryRun: false }, patient);
    expect(answer).toMatchObject({
      outcome: 'published',
      versions: [{ basis: 'derived', terms: { rates: { input: '213', output: '426' } } }],
    });
    const bad = { ...version, model: 'x', derivation: { ...derivation, fxRate: 'seven' } };
    await expect(
      publisher.PublishPrices({ versions: [bad], reason: '', dryRun: true }, patient),
    ).rejects.toMatchObject({ details: { field: 'versions.0.derivation.fx.rate' } });
    closeGrpc(publisher);
  });

  it('describe themselves', async () => {
    const document = (await (await fetch(`${base}/docs-json`)).json()) as { paths: Record<string, unknown> };
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/v1/usage-records', '/v1/usage', '/v1/usage/calls', '/v1/pricing']),
    );
  });

  it('give usage by REST as by gRPC', async () => {
    await allRated();
    const query = 'customerId=cus_1&from=2026-11-01T00:00:00Z&to=2026-11-23T00:00:00Z&groupBy=model,source';
    const rest = await get(`/v1/usage?${query}`);
    const grpc = await api.GetUsage(
      question({ from: '2026-11-01T00:00:00Z', to: '2026-11-23T00:00:00Z', groupBy: ['model', 'source'] }),
      patient,
    );
    expect(rest.body).toEqual(grpc);
    expect((await get('/v1/usage?customerId=cus_1&timeZone=Mars/Olympus')).status).toBe(400);
    expect((await get('/v1/usage/calls?customerId=cus_1&pageSize=2')).body['calls']).toHaveLength(2);
  });
});

describe('a call that the gateway relays', () => {
  it('is rated, and one without an end is closed as abandoned', async () => {
    const [version] = await database.query<{ id: string }>(
      "SELECT price_version_id AS id FROM price_version WHERE rate_card = 'standard'",
    );
    const priceVersionId = version?.id ?? '';
    const usage = {
      tokens: { input: 3000, output: 800 },
      units: {},
      source: 'upstream' as const,
      estimated: false,
    };
    await publish(topics.calls.name, [
      aStart('call_1', { priceVersionId }),
      aStart('call_2', { priceVersionId, deadline: '2026-11-22T08:02:00Z' }),
      anEnd('call_1', { priceVersionId, end: { kind: 'usage', usage, charge: '0.0195' } }),
    ]);
    await eventually(
      async () => (await count("call WHERE call_id IN ('call_1', 'call_2') AND outcome IS NOT NULL")) === 2,
    );
    const told = await database.query<{ event_id: string }>(
      "SELECT event_id FROM outbox WHERE event_id LIKE 'call_%' ORDER BY event_id",
    );
    expect(told.map(({ event_id: id }) => id)).toEqual(['call_1:rated', 'call_2:uncharged']);
  });
});

describe('what was published', () => {
  it('is on the broker, each call’s charge once', async () => {
    await allRated();
    const rated = new Map<string, string>();
    const [{ count: wanted } = { count: 0 }] = await database.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM outbox WHERE topic = 'metering.rated.v1'",
    );
    const reader = new KafkaConsumerServer(
      {
        ...{
          clientId: 'spec',
          groupId: 'spec-reader',
          brokers: testServers().kafkaBrokers.split(','),
          partitions: 3,
          replicas: 1,
        },
        topicPrefix: process.env['KAFKA_TOPIC_PREFIX'] ?? '',
      },
      log,
    );
    reader.addHandler(
      JSON.stringify({ topic: topics.rated.name, reader: '' }),
      (batch: EventBatch) => {
        for (const { event } of batch.records)
          if (event) rated.set(event.id, (event as EventOf<typeof UsageRated>).subject);
        return Promise.resolve();
      },
      true,
      { eventsMax: 1_000, gatherMs: 100 },
    );
    await reader.listen((error) => {
      expect(error).toBeUndefined();
    });
    await eventually(() => rated.size >= wanted);
    await reader.close();
    expect(rated.size).toBe(wanted);
    expect(new Set(rated.values())).toEqual(new Set(['cus_1', 'cus_late']));
  }, 120_000);
});

const from = Date.parse('2026-11-20T00:00:00Z');

const tokensOf = (index: number) => ({ input: 100 + (index % 977), output: 1 + (index % 89) });

function item(index: number, changes: Partial<MeteringApi.UsageItem> = {}): MeteringApi.UsageItem {
  const { input, output } = tokensOf(index);
  return {
    ...{
      id: `item-${index.toString()}`,
      source: 'stream',
      customerId: 'cus_1',
      keyId: '',
      model: 'gpt-5.5',
      endpoint: '',
    },
    occurredAt: new Date(from + index * 10).toISOString(),
    tokens: { input: input.toString(), output: output.toString() },
    units: {},
    ...{ rawUsage: '', usageFamily: '' },
    ...changes,
  };
}

function* items(total: number): Generator<MeteringApi.UsageItem> {
  for (let index = 0; index < total; index += 1) yield item(index);
}

/** The same total, by integers of a millionth of a fen alone: 2.5 and 15 yuan per million tokens. */
function independentTotal(total: number): string {
  let tenthsPerMillion = 0n;
  for (let index = 0; index < total; index += 1) {
    const { input, output } = tokensOf(index);
    tenthsPerMillion += 25n * BigInt(input) + 150n * BigInt(output);
  }
  const digits = tenthsPerMillion.toString().padStart(8, '0');
  return `${digits.slice(0, -7)}.${digits.slice(-7)}`.replace(/\.?0+$/, '');
}

const justBefore = (instant: string): string => new Date(Date.parse(instant) - 1).toISOString();

const everyCallOf = (customerId: string): MeteringApi.ListCallsRequest => ({
  ...{ customerId, pageSize: 500, cursor: '', from: '', to: '', model: '', keyId: '' },
  ...{ endpoint: '', source: '', outcome: '' },
});

/** A machine that stands still for seconds refuses nobody here. */
const patient = { timeoutMs: 40_000 };
const record = (one: MeteringApi.UsageItem, client = api) => client.RecordUsage(one, patient);

const upload = (all: Iterable<MeteringApi.UsageItem>): Promise<MeteringApi.RecordUsageSummary> =>
  grpcUpload(api, 'RecordUsageStream', all);

const question = (changes: Partial<MeteringApi.GetUsageRequest>): MeteringApi.GetUsageRequest => ({
  ...{
    customerId: 'cus_1',
    from: '',
    to: '',
    bucketWidth: '',
    groupBy: [],
    cursor: '',
    pageSize: 0,
    timeZone: '',
    models: [],
    keyIds: [],
    product: '',
  },
  ...changes,
});

function clientOf(scope: string): GrpcApi<MeteringApi.Metering> {
  return grpcClient<MeteringApi.Metering>({
    protoFile: 'haoli/metering/v1/metering.proto',
    package: 'haoli.metering.v1',
    service: 'Metering',
    url: `127.0.0.1:${port.toString()}`,
    tokens: new ServiceTokens(new IdentityProvider(identity.issuer), {
      clientId: scope,
      clientSecret: 'secret',
    }),
  });
}

async function publish(
  topic: typeof topics.calls.name | typeof topics.customers.name,
  events: readonly Event[],
): Promise<void> {
  await log.publish(
    topic,
    events.map((event) => encodeEvent(topic, event)),
  );
}

/** Nothing is on its way: for what reads figures twice, or counts what was published. */
const allRated = (secondsMax?: number) =>
  eventually(
    async () => (await count('usage_record')) <= (await count('call WHERE outcome IS NOT NULL')),
    Boolean,
    secondsMax,
  );

async function count(table: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
  return row?.count ?? 0;
}

async function post(path: string, scope: string, body: unknown, subject = 'spec') {
  const headers = {
    authorization: `Bearer ${await identity.token(scope, subject)}`,
    'content-type': 'application/json',
  };
  const answer = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function get(path: string, scope = 'usage:read') {
  const headers = { authorization: `Bearer ${await identity.token(scope)}` };
  const answer = await fetch(base + path, { headers });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
