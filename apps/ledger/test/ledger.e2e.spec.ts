import {
  encodeEvent,
  type Event,
  type EventOf,
  type LedgerApi,
  type RefundReserved,
  topics,
  type TopicName,
} from '@app/contracts';
import { KafkaConsumerServer, KafkaEventLog, receivedRecord } from '@app/kafka';
import { Database, newId } from '@app/persistence';
import { eventually, freshDatabase, startIdentity, testServers, topicPrefix } from '@app/testing';
import {
  closeGrpc,
  type GrpcApi,
  grpcClient,
  grpcDownload,
  grpcStream,
  IdentityProvider,
  Problem,
  ServiceTokens,
  startService,
} from '@app/transport';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ledgerSettings } from '../src/ledger-settings.ts';
import { LedgerModule } from '../src/ledger.module.ts';
import {
  aCharge,
  aCustomer,
  aFinish,
  anItemFailed,
  anItemPaid,
  anUncharged,
  aRefund,
  aTopUp,
} from './events.ts';
import { sealSettings } from './seals-for-specs.ts';

const port = 20_000 + (process.pid % 20_000);
let identity: Awaited<ReturnType<typeof startIdentity>>;
let service: NestFastifyApplication;
let api: GrpcApi<LedgerApi.Ledger>;
let database: Database;
let log: KafkaEventLog;
let base: string;

beforeAll(async () => {
  identity = await startIdentity();
  const environment = {
    ...(await sealSettings()),
    KAFKA_BROKERS: testServers().kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix(),
    KAFKA_PARTITIONS: '3',
    OIDC_ISSUER: identity.issuer,
    SERVICE_CLIENT_ID: 'spec',
    SERVICE_CLIENT_SECRET: 'secret',
    LEDGER_HTTP_PORT: '0',
    LEDGER_GRPC_URL: `127.0.0.1:${port}`,
    LEDGER_DATABASE_URL: await freshDatabase('ledger-e2e'),
    SWEEP_SECONDS: '1',
    HOLD_EXPIRY_SECONDS: '2',
    REFUND_DRAIN_SECONDS: '3600',
    LOG_LEVEL: 'warn',
  };
  Object.assign(process.env, environment);
  const settings = ledgerSettings.parse(environment);
  service = await startService({
    name: 'ledger',
    module: LedgerModule.forRoot(settings),
    httpPort: 0,
    grpc: {
      url: settings.LEDGER_GRPC_URL,
      package: 'haoli.ledger.v1',
      protoFile: 'haoli/ledger/v1/ledger.proto',
    },
    title: 'ledger',
    description: 'spec',
  });
  base = await service.getUrl();
  database = service.get(Database, { strict: false });
  log = new KafkaEventLog({
    ...{ clientId: 'spec', groupId: 'spec', brokers: settings.KAFKA_BROKERS, partitions: 3, replicas: 1 },
    topicPrefix: settings.KAFKA_TOPIC_PREFIX,
  });
  api = clientOf('holds:write ledger:read');
}, 60_000);

afterAll(async () => {
  closeGrpc(api);
  await log.close(1_000);
  await service.close();
  await identity.close();
}, 30_000);

const clientOf = (scopes: string): GrpcApi<LedgerApi.Ledger> =>
  grpcClient<LedgerApi.Ledger>({
    protoFile: 'haoli/ledger/v1/ledger.proto',
    package: 'haoli.ledger.v1',
    service: 'Ledger',
    url: `127.0.0.1:${port}`,
    tokens: new ServiceTokens(new IdentityProvider(identity.issuer), {
      clientId: scopes,
      clientSecret: 'secret',
    }),
  });

async function publish(topic: TopicName, ...events: Event[]): Promise<void> {
  await log.publish(
    topic,
    events.map((event) => encodeEvent(topic, event)),
  );
}

const until = async <Result>(look: () => Promise<Result | undefined | false>): Promise<Result> =>
  (await eventually(look)) as Result;

const count = async (sql: string, values: unknown[] = []): Promise<number> =>
  Number((await database.query<{ count: string }>(`SELECT count(*) FROM ${sql}`, values))[0]?.count);
const entriesOf = (bookId: string, most = 500) => api.ListEntries({ bookId, pageSize: most, cursor: '' });
const versionReached = (bookId: string, version: number) =>
  until(async () => (await count('entry WHERE book_id = $1', [bookId])) >= version);
const balanceOf = (customerId: string, asOf = '') => api.GetBalance({ customerId, asOf });
const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

/** As if a gateway renewed its lease again and again, however slowly this spec runs. */
const livesOn = (leaseId: string) =>
  database.query('UPDATE lease SET renewed_at = $2 WHERE lease_id = $1', [leaseId, hoursAgo(-1)]);

const place = (customerId: string, holdId: string, amount: string, expiresAt = '', leaseId = '') =>
  api.PlaceHold({
    holdId,
    customerId,
    callId: `call_${holdId}`,
    keyId: 'key_1',
    amount: { amount, currency: 'CNY' },
    expiresAt,
    leaseId,
    limits: [],
  });
const wallet = async (amount: string): Promise<string> => {
  const customerId = newId('cus');
  await publish(topics.customers.name, aCustomer(customerId));
  await publish(topics.topUps.name, aTopUp(customerId, newId('top'), amount));
  await versionReached(customerId, 2);
  return customerId;
};
const rest = async (
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  scopes = 'ledger:read holds:write',
) => {
  const response = await fetch(base + path, {
    method,
    headers: {
      authorization: `Bearer ${await identity.token(scopes)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const announced = async <E extends Event>(type: string, refundId: string): Promise<E['data'] | undefined> => {
  const rows = await database.query<{ value: string }>(`SELECT value FROM outbox WHERE event_id = $1`, [
    `${refundId}:${type}`,
  ]);
  return rows[0] && (JSON.parse(rows[0].value) as E['data']);
};

describe('money through Kafka', () => {
  it('opens a wallet, credits it, holds, settles, and shows each step', async () => {
    const customer = await wallet('50');
    const { hold } = await place(customer, `hold_${customer}`, '0.02575');
    expect(hold).toMatchObject({ amount: '0.02575', availableAfter: '49.97425' });
    await publish(topics.rated.name, aCharge(customer, `call_${customer}`, '0.0195', `hold_${customer}`));
    await versionReached(customer, 4);
    expect(await balanceOf(customer)).toMatchObject({
      paid: '49.9805',
      held: '0',
      available: '49.9805',
      currency: 'CNY',
      version: '4',
    });
    const { entries } = await entriesOf(customer);
    expect(entries.map(({ kind }) => kind)).toEqual(['plan-set', 'top-up', 'hold', 'settle']);
    expect(entries[3]?.postings).toEqual([
      { debit: `wallet:${customer}:paid`, credit: 'revenue:usage:paid', amount: '0.0195' },
    ]);
    expect(await api.ListLots({ customerId: customer })).toMatchObject({
      lots: [{ amount: '50', used: '0.0195', remaining: '49.9805' }],
    });
  });

  it('gives the balance as it was recorded at any instant', async () => {
    const customer = await wallet('10');
    const before = (await balanceOf(customer)).asOf;
    await publish(topics.rated.name, aCharge(customer, newId('use'), '4'));
    await versionReached(customer, 3);
    expect(await balanceOf(customer, before)).toMatchObject({ paid: '10', version: '2' });
    expect(await balanceOf(customer, '2099-01-01T00:00:00Z')).toMatchObject({ paid: '6', version: '3' });
    await expect(balanceOf(customer, '2001-01-01T00:00:00Z')).rejects.toMatchObject({
      code: 'unknown-account',
    });
    expect(await rest('GET', `/v1/customers/${customer}/balance?asOf=${before}`)).toMatchObject({
      status: 200,
      body: { paid: '10' },
    });
  });

  it('waits for the book of a customer whose top-up came first', async () => {
    const customer = newId('cus');
    await publish(topics.topUps.name, aTopUp(customer, newId('top'), '7'));
    await new Promise((resolve) => setTimeout(resolve, 700));
    await publish(topics.customers.name, aCustomer(customer));
    await versionReached(customer, 2);
    expect(await balanceOf(customer)).toMatchObject({ paid: '7' });
  });

  it('parks what is no event and what cannot be true, with the reason, and goes on', async () => {
    const customer = await wallet('10');
    const topUpId = newId('top');
    await publish(topics.topUps.name, aTopUp(customer, topUpId, '1'));
    const changed = aTopUp(customer, topUpId, '1000');
    const bad = { key: customer, headers: {}, value: 'paid: 50' };
    await log.publish(topics.topUps.name, [bad, encodeEvent(topics.topUps.name, changed)]);
    await publish(topics.topUps.name, aTopUp(customer, newId('top'), '2'));
    await publish(topics.rated.name, {
      ...aCharge(customer, 'use_usd', '1'),
      data: { ...aCharge(customer, 'use_usd', '1').data, charge: { amount: '1', currency: 'USD' } },
    });
    await versionReached(customer, 4);
    await until(async () => (await count('parked_message')) === 3);
    const parked = await database.query<{ kind: string; reason: string }>(
      'SELECT kind, reason FROM parked_message ORDER BY kind',
    );
    expect(parked.map(({ kind }) => kind)).toEqual(['conflict', 'rejected', 'unprocessable']);
    expect(parked[0]?.reason).toContain('with other data');
    expect(parked[2]?.reason).toContain('currency-mismatch');
    expect(await balanceOf(customer)).toMatchObject({ paid: '13' });
  });

  it('changes nothing when a batch comes again because the process ended before its offset was committed', async () => {
    const customer = await wallet('10');
    const topic = topics.rated.name;
    const charges = ['use_a', 'use_b'].map((name) => aCharge(customer, `${name}_${customer}`, '1'));
    const records = charges.map((event, index) => {
      const { key, headers, value } = encodeEvent(topic, event);
      return receivedRecord(topic, {
        ...{ key: Buffer.from(key), value: Buffer.from(value), headers, timestamp: '0', attributes: 0 },
        offset: (1_000_000 + index).toString(),
      });
    });
    const batch = {
      ...{
        group: `ledger.${topic}`,
        topic,
        partition: 0,
        firstOffset: '1000000',
        lastOffset: '1000001',
        records,
      },
      ...{ dense: false, heartbeat: () => Promise.resolve(), signal: new AbortController().signal },
    };
    const consumers = service.get(KafkaConsumerServer, { strict: false });
    await consumers.dispatch(batch);
    const after = [await balanceOf(customer), await entriesOf(customer)];
    await consumers.dispatch(batch);
    await Promise.all([consumers.dispatch(batch), consumers.dispatch(batch)]);
    expect([await balanceOf(customer), await entriesOf(customer)]).toEqual(after);
    expect(after[0]).toMatchObject({ paid: '8', version: '4' });
  });

  it('brings no old plan back when an old change of the customer comes again', async () => {
    const customer = newId('cus');
    const old = { ...aCustomer(customer), id: `${customer}:2` };
    await publish(topics.customers.name, aCustomer(customer), old, {
      ...aCustomer(customer, '7.2'),
      id: `${customer}:3`,
    });
    await versionReached(customer, 2);
    await publish(topics.customers.name, aCustomer(customer), old);
    await publish(topics.topUps.name, aTopUp(customer, newId('top'), '1'));
    await versionReached(customer, 3);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await entriesOf(customer)).entries.map(({ kind }) => kind).sort()).toEqual([
      'plan-set',
      'plan-set',
      'top-up',
    ]);
  });

  it('publishes every entry once in book order', async () => {
    const customer = await wallet('3');
    await until(async () => {
      const [row] = await database.query<{ behind: string }>(
        `SELECT count(*) AS behind FROM entry e, outbox_cursor c WHERE c.source = 'journal' AND (e.xid, e.position) > (c.xid, c.id)`,
      );
      return row?.behind === '0';
    });
    const page = await api.ListJournal({ pageSize: 500, cursor: '' });
    const own = page.entries.filter(({ bookId }) => bookId === customer);
    expect(own.map(({ version }) => version)).toEqual(['1', '2']);
  });
});

describe('holds', () => {
  it('are refused with the figures that a person needs', async () => {
    const customer = await wallet('1');
    expect(await place(customer, newId('hold'), '1.5')).toMatchObject({
      refusal: { code: 'insufficient-funds', needed: '1.5', available: '1', currency: 'CNY' },
    });
    expect(await place('cus_nobody', newId('hold'), '1')).toMatchObject({
      refusal: { code: 'unknown-account' },
    });
    const body = { holdId: newId('hold'), customerId: customer, amount: { amount: '1.5', currency: 'CNY' } };
    expect(await rest('POST', '/v1/holds', body)).toMatchObject({
      status: 402,
      body: { code: 'insufficient-funds', available: '1' },
    });
    expect(
      await rest('POST', '/v1/holds', { ...body, amount: { amount: 1.5, currency: 'CNY' } }),
    ).toMatchObject({ status: 400, body: { field: 'amount.amount' } });
  });

  it('are answered alike when they are asked for again, and refuse other data', async () => {
    const customer = await wallet('10');
    const holdId = newId('hold');
    const first = await place(customer, holdId, '4');
    expect(await place(customer, holdId, '4')).toEqual(first);
    await expect(place(customer, holdId, '5')).rejects.toMatchObject({ code: 'conflict' });
    expect(
      await api.ExtendHold({
        holdId,
        customerId: customer,
        extensionId: '1',
        by: { amount: '2', currency: 'CNY' },
        keyId: '',
        limits: [],
      }),
    ).toMatchObject({ hold: { availableAfter: '4' } });
    expect(await api.ReleaseHold({ holdId, customerId: customer, reason: 'client-left' })).toEqual({
      outcome: 'released',
    });
    expect(await api.ReleaseHold({ holdId, customerId: customer, reason: 'client-left' })).toEqual({
      outcome: 'released',
    });
    await expect(
      api.ReleaseHold({ holdId: 'hold_none', customerId: customer, reason: '' }),
    ).rejects.toMatchObject({ code: 'unknown-hold' });
    expect(await balanceOf(customer)).toMatchObject({ held: '0', available: '10' });
  });

  it('expire when their gateway falls silent, unless its call finished; what is charged after that has no hold', async () => {
    const customer = await wallet('10');
    const past = hoursAgo(1);
    const [silent, living, finished] = [newId('hold'), newId('hold'), newId('hold')];
    const { leasedUntil: before } = await api.RenewLease({ leaseId: 'lease_living' });
    const { leasedUntil: after } = await api.RenewLease({ leaseId: 'lease_living' });
    expect(after > before).toBe(true);
    await livesOn('lease_living');
    await place(customer, living, '1', past, 'lease_living');
    await place(customer, finished, '2', '2099-01-01T00:00:00Z', 'lease_gone');
    await publish(topics.calls.name, aFinish(customer, 'call_finished', finished));
    await until(
      async () => (await count('hold WHERE hold_id = $1 AND finished_at IS NOT NULL', [finished])) === 1,
    );
    await database.query('UPDATE hold SET expires_at = $2 WHERE hold_id = $1', [finished, past]);
    await place(customer, silent, '4', past, 'lease_gone');
    await until(
      async () => (await count(`hold_end WHERE hold_id = $1 AND outcome = 'expired'`, [silent])) === 1,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await balanceOf(customer)).toMatchObject({ held: '3' });
    await publish(
      topics.rated.name,
      aCharge(customer, 'call_silent', '0.5', silent),
      anUncharged(customer, 'call_finished', finished),
    );
    await until(async () => (await balanceOf(customer)).paid === '9.5');
    const kinds = (await entriesOf(customer)).entries.map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['expire', 'charge', 'release']));
  });

  it('expire a day over their time even where their gateway lives on and has lost them', async () => {
    const customer = await wallet('10');
    const [lost, living] = [newId('hold'), newId('hold')];
    await api.RenewLease({ leaseId: 'lease_forgetful' });
    await livesOn('lease_forgetful');
    await place(customer, living, '1', hoursAgo(23), 'lease_forgetful');
    await place(customer, lost, '4', hoursAgo(25), 'lease_forgetful');
    await until(
      async () => (await count(`hold_end WHERE hold_id = $1 AND outcome = 'expired'`, [lost])) === 1,
    );
    expect(await balanceOf(customer)).toMatchObject({ held: '1' });
  });

  it('go through one stream, each answered with its id', async () => {
    const customer = await wallet('10');
    const stream = await grpcStream<LedgerApi.HoldCommand, LedgerApi.HoldAnswer>(api, 'Holds');
    const message = (n: number) => ({
      holdId: `hold_${customer}_${n}`,
      customerId: customer,
      callId: '',
      keyId: '',
      amount: { amount: '1', currency: 'CNY' },
      expiresAt: '',
      leaseId: '',
      limits: [],
    });
    for (let n = 0; n < 12; n += 1) await stream.write({ commandId: `c${n}`, place: message(n) });
    await stream.write({ commandId: 'bad', place: { ...message(99), holdId: 'not an id' } });
    stream.end();
    const answers = new Map<string, LedgerApi.HoldAnswer>();
    for await (const answer of stream.answers) answers.set(answer.commandId, answer);
    const placed = [...answers.values()].filter(({ placed: one }) => one?.hold);
    expect(placed).toHaveLength(10);
    expect(answers.get('c11')?.placed?.refusal?.code).toBe('insufficient-funds');
    expect(answers.get('bad')?.failure).toMatchObject({ code: 'invalid-request', retryable: false });
  });

  it('go through one stream many at a time, each answered with its id, and so gathered', async () => {
    const customer = await wallet('10');
    const stream = await grpcStream<Partial<LedgerApi.HoldCommand>, LedgerApi.HoldAnswer>(api, 'Holds');
    const place = (n: number) => ({
      commandId: `c${n}`,
      place: {
        holdId: `hold_${customer}_${n}`,
        customerId: customer,
        callId: '',
        keyId: '',
        amount: { amount: '1', currency: 'CNY' },
        expiresAt: '',
        leaseId: '',
        limits: [],
      },
    });
    const release = { holdId: `hold_${customer}_0`, customerId: customer, reason: '' };
    const within = { commandId: 'within', gathered: { commands: [] } };
    const commands = [
      ...Array.from({ length: 11 }, (_, n) => place(n)),
      { commandId: 'released', release },
      place(11),
      { commandId: 'bad', place: { ...place(99).place, holdId: 'not an id' } },
      within,
    ];
    await until(() => Promise.resolve(stream.said('gathered') === '1'));
    await stream.write({ gathered: { commands } });
    await stream.write({ commandId: 'alone', release });
    stream.end();
    const messages: LedgerApi.HoldAnswer[] = [];
    for await (const message of stream.answers) messages.push(message);
    const answers = messages.flatMap((message) => message.gathered?.answers ?? [message]);
    const answerTo = (id: string) => answers.find(({ commandId }) => commandId === id);
    expect(answers.map(({ commandId }) => commandId).sort()).toEqual(
      [...commands.map(({ commandId }) => commandId), 'alone'].sort(),
    );
    expect(messages.some(({ gathered }) => (gathered?.answers.length ?? 0) > 1)).toBe(true);
    expect(answers.filter(({ placed }) => placed?.hold)).toHaveLength(11);
    expect(answerTo('c10')?.placed?.refusal?.code).toBe('insufficient-funds');
    // Decided in the order of the message: what was released before is there to be held again.
    expect(answerTo('released')?.released?.outcome).toBe('released');
    expect(answerTo('c11')?.placed?.hold).toMatchObject({ availableAfter: '0' });
    for (const id of ['bad', 'within'])
      expect(answerTo(id)?.failure).toMatchObject({ code: 'invalid-request', retryable: false });
    expect(await balanceOf(customer)).toMatchObject({ held: '10' });
  });

  it('need a token with the scope for them', async () => {
    const reader = clientOf('ledger:read');
    const error = await reader
      .ReleaseHold({ holdId: 'hold_x', customerId: 'cus_x', reason: '' })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ code: 'forbidden' });
    closeGrpc(reader);
    expect(await rest('GET', '/v1/trial-balance', undefined, 'holds:write')).toMatchObject({ status: 403 });
  });
});

describe('refunds', () => {
  it('close out ¥12.345678 as 12.35, with 0.004322 of rounding at our expense', async () => {
    const customer = await wallet('100');
    await publish(topics.rated.name, aCharge(customer, newId('use'), '87.654322'));
    await versionReached(customer, 3);
    const refundId = newId('ref');
    await publish(topics.refunds.name, aRefund(customer, refundId));
    const reserved = await until(() => announced<EventOf<typeof RefundReserved>>('reserved', refundId));
    expect(reserved).toMatchObject({ total: { amount: '12.35', currency: 'CNY' }, rounding: '0.004322' });
    expect(await balanceOf(customer)).toMatchObject({ paid: '0', available: '0' });
    for (const item of reserved.items)
      await publish(topics.refunds.name, anItemPaid(customer, refundId, item));
    const closed = await until(() => announced('closed', refundId));
    expect(closed).toMatchObject({ paid: { amount: '12.35' }, givenBack: { amount: '0' } });
    const { entries } = await entriesOf(customer);
    const postings = entries.flatMap((entry) => entry.postings);
    expect(postings).toContainEqual({
      debit: 'expense:rounding',
      credit: 'refunds:pending',
      amount: '0.004322',
    });
    expect(postings).toContainEqual({
      debit: 'refunds:pending',
      credit: 'clearing:wechat-pay',
      amount: '12.35',
    });
  });

  it('are refused with what could be asked for instead, once', async () => {
    const customer = await wallet('5.005');
    const refundId = newId('ref');
    const request = aRefund(customer, refundId, '6');
    await publish(topics.refunds.name, request, request);
    const refused = await until(() => announced('refused', refundId));
    expect(refused).toMatchObject({
      code: 'exceeds-refundable',
      refundable: { amount: '5', currency: 'CNY' },
    });
    await publish(topics.topUps.name, aTopUp(customer, newId('top'), '10'));
    await versionReached(customer, 3);
    await publish(topics.refunds.name, request);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await count('outbox WHERE event_id LIKE $1', [`${refundId}%`])).toBe(1);
    expect(await balanceOf(customer)).toMatchObject({ paid: '15.005' });
  });

  it('close out once every open hold has ended, and not before', async () => {
    const customer = await wallet('10');
    const [first, second] = [newId('hold'), newId('hold')];
    await place(customer, first, '1', hoursAgo(-1));
    await place(customer, second, '1', hoursAgo(-1));
    const refundId = newId('ref');
    const request = aRefund(customer, refundId);
    await publish(topics.refunds.name, request, request);
    await until(async () => (await count('draining_refund WHERE refund_id = $1', [refundId])) === 1);
    await api.ReleaseHold({ holdId: first, customerId: customer, reason: 'over' });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await count('outbox WHERE event_id LIKE $1', [`${refundId}%`])).toBe(0);
    await publish(topics.rated.name, aCharge(customer, newId('use'), '2.5', second));
    const reserved = await until(() => announced<EventOf<typeof RefundReserved>>('reserved', refundId));
    expect(reserved.total).toEqual({ amount: '7.5', currency: 'CNY' });
    expect(await count('draining_refund WHERE refund_id = $1', [refundId])).toBe(0);
  });

  it('are refused where a hold outlasts the wait of a close-out', async () => {
    const customer = await wallet('10');
    await place(customer, newId('hold'), '1', hoursAgo(-1));
    const refundId = newId('ref');
    await publish(topics.refunds.name, aRefund(customer, refundId));
    await until(async () => (await count('draining_refund WHERE refund_id = $1', [refundId])) === 1);
    await database.query('UPDATE draining_refund SET asked_at = $2 WHERE refund_id = $1', [
      refundId,
      hoursAgo(2),
    ]);
    expect(await until(() => announced('refused', refundId))).toMatchObject({
      code: 'holds-open',
      refundable: { amount: '9' },
    });
    expect(await balanceOf(customer)).toMatchObject({ paid: '10', held: '1' });
  });

  it('give an item that could not be paid back to the wallet', async () => {
    const customer = await wallet('20');
    const refundId = newId('ref');
    await publish(topics.refunds.name, aRefund(customer, refundId, '8'));
    const reserved = await until(() => announced<EventOf<typeof RefundReserved>>('reserved', refundId));
    expect(await balanceOf(customer)).toMatchObject({ paid: '12' });
    for (const item of reserved.items)
      await publish(topics.refunds.name, anItemFailed(customer, refundId, item));
    await until(() => announced('closed', refundId));
    expect(await balanceOf(customer)).toMatchObject({ paid: '20' });
  });
});

describe('the books', () => {
  it('balance, rebuild to the same figures, and verify', async () => {
    const { totals } = await api.GetTrialBalance({});
    expect(totals.map(({ currency, difference }) => [currency, difference])).toEqual([['CNY', '0']]);
    const rebuilt = await api.Rebuild({});
    expect(rebuilt).toMatchObject({ agrees: true, chainVerified: true, firstDifference: '' });
    expect(await rest('POST', '/v1/rebuild')).toMatchObject({ status: 200, body: { agrees: true } });
    expect(await rest('POST', '/v1/verify', {})).toMatchObject({
      status: 200,
      body: { verified: true, firstDifference: '' },
    });
    expect(await rest('GET', '/v1/trial-balance')).toMatchObject({
      status: 200,
      body: { totals: [{ difference: '0' }] },
    });
  });

  it('are paged from the first entry to the last without a gap', async () => {
    const versions: number[] = [];
    const customer = await wallet('100');
    await publish(
      topics.rated.name,
      ...Array.from({ length: 20 }, (_, n) => aCharge(customer, `use_${customer}_${n}`, '0.1')),
    );
    await versionReached(customer, 22);
    for (let cursor = ''; ;) {
      const { body } = await rest('GET', `/v1/books/${customer}/entries?pageSize=7&cursor=${cursor}`);
      versions.push(...(body['entries'] as { version: number }[]).map(({ version }) => version));
      cursor = body['nextCursor'] as string;
      if (cursor === '') break;
    }
    expect(versions).toEqual(Array.from({ length: 22 }, (_, n) => n + 1));
    expect(await rest('GET', `/v1/journal?cursor=nonsense`)).toMatchObject({
      status: 400,
      body: { field: 'cursor' },
    });
    expect(await rest('GET', `/v1/journal?pageSize=501`)).toMatchObject({
      status: 400,
      body: { field: 'pageSize' },
    });
  });
});

describe('seals', () => {
  it('export the journal alike through both doors, line by line to its end', async () => {
    const overGrpc: string[] = [];
    for await (const { lines } of grpcDownload<LedgerApi.ExportLines>(api, 'Export', {}))
      overGrpc.push(...lines);
    const response = await fetch(`${base}/v1/export`, {
      headers: { authorization: `Bearer ${await identity.token('ledger:read')}` },
    });
    const overRest = (await response.text()).split('\n');
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(overRest.pop()).toBe('');
    expect(overRest.slice(1)).toEqual(overGrpc.slice(1));
    const { entries } = await api.Verify({ bookId: '' });
    expect(JSON.parse(overRest.at(-1) ?? '')).toMatchObject({ end: { entries: Number(entries) } });
    expect(overRest).toHaveLength(Number(entries) + 2);
  });

  it('export one book alike through both doors, and refuse one that is not there', async () => {
    const customer = await wallet('3');
    await wallet('4');
    const overGrpc: string[] = [];
    for await (const { lines } of grpcDownload<LedgerApi.ExportLines>(api, 'ExportBook', {
      bookId: customer,
    }))
      overGrpc.push(...lines);
    const response = await fetch(`${base}/v1/books/${customer}/export`, {
      headers: { authorization: `Bearer ${await identity.token('ledger:read')}` },
    });
    const overRest = (await response.text()).split('\n');
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(overRest.pop()).toBe('');
    expect(overRest.slice(1)).toEqual(overGrpc.slice(1));
    expect(JSON.parse(overRest[0] ?? '')).toMatchObject({ export: { book: customer } });
    expect(overRest.slice(1, -1).filter((line) => !line.includes(`{"book":"${customer}"`))).toEqual([]);
    expect(JSON.parse(overRest.at(-1) ?? '')).toEqual({ end: { books: 1, entries: 2 } });
    expect(await rest('GET', '/v1/books/cus_nobody/export')).toMatchObject({
      status: 404,
      body: { field: 'bookId', detail: 'There is no book cus_nobody.' },
    });
    const missing = async () => {
      for await (const _part of grpcDownload(api, 'ExportBook', { bookId: 'cus_nobody' })) return;
    };
    await expect(missing()).rejects.toMatchObject({ code: 'not-found' });
  });

  it('say which day is not sealed yet, and need the scope', async () => {
    const customer = await wallet('1');
    expect(await rest('GET', '/v1/seals')).toEqual({ status: 200, body: { seals: [], nextCursor: '' } });
    expect(await api.ListSeals({ pageSize: 5, cursor: '' })).toEqual({ seals: [], nextCursor: '' });
    expect(await rest('GET', '/v1/seals/2026-13-01')).toMatchObject({ status: 400, body: { field: 'day' } });
    expect(await rest('GET', '/v1/seals/2026-01-01')).toMatchObject({ status: 404 });
    await expect(api.GetSeal({ day: '2026-01-01' })).rejects.toMatchObject({ code: 'not-found' });
    expect(await rest('GET', `/v1/books/${customer}/entries/1/proof`)).toMatchObject({
      status: 404,
      body: { detail: expect.stringMatching(/^\d{4}-\d\d-\d\d is not sealed/) },
    });
    await expect(api.ProveEntry({ bookId: customer, version: '99' })).rejects.toMatchObject({
      code: 'not-found',
    });
    for (const path of [
      'seals',
      'seals/2026-01-01',
      'export',
      `books/${customer}/export`,
      `books/${customer}/entries/1/proof`,
    ])
      expect(await rest('GET', `/v1/${path}`, undefined, 'holds:write')).toMatchObject({ status: 403 });
  });
});
