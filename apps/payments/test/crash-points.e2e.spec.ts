import { randomUUID } from 'node:crypto';
import { encodeEvent, topics } from '@app/contracts';
import { EventLog } from '@app/kafka';
import { newId } from '@app/persistence';
import { freshDatabase, testServers, topicPrefix } from '@app/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type SpecIdentityProvider, startIdentityProvider } from './identity-provider.ts';
import { CutWire, PaymentsChild } from './payments-child.ts';
import {
  environmentOf,
  eventually,
  paymentsClient,
  published,
  publishedEvent,
  type Sandboxes,
  startLedger,
  startProviders,
  usualWay,
} from './payments-process.ts';
import type { SandboxProcess } from './provider-sandbox.ts';

let identity: SpecIdentityProvider;
let sandboxes: Sandboxes;
let sandbox: SandboxProcess;
let ledger: NestFastifyApplication;
let grpc: ReturnType<typeof paymentsClient>;
let database: pg.Pool;
let wire: CutWire;
let service: PaymentsChild;

beforeAll(async () => {
  identity = await startIdentityProvider();
  sandboxes = await startProviders();
  sandbox = sandboxes['wechat-pay'];
  const direct = await freshDatabase('payments');
  database = new pg.Pool({ connectionString: direct });
  const url = new URL(direct);
  wire = await CutWire.to({ host: url.hostname, port: Number(url.port) });
  url.port = String(wire.port);
  url.hostname = '127.0.0.1';
  const environment: Record<string, string> = {
    ...(await environmentOf(sandboxes, identity)),
    KAFKA_BROKERS: testServers().kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix(),
    PAYMENTS_DATABASE_URL: url.href,
  };
  const client = { OIDC_ISSUER: identity.issuer, SERVICE_CLIENT_ID: 'x', SERVICE_CLIENT_SECRET: 'x' };
  Object.assign(process.env, client);
  process.env['LOG_LEVEL'] ??= 'silent';
  ledger = await startLedger(environment);
  service = new PaymentsChild(environment);
  await service.start();
  grpc = paymentsClient(environment['PAYMENTS_GRPC_URL'] ?? '', identity.issuer);
}, 60_000);
afterEach(async () => {
  await sandbox.clearFaults();
});
afterAll(async () => {
  await service.kill();
  await ledger.close();
  await database.end();
  wire.close();
  await Promise.all(Object.values(sandboxes).map((one) => one.close()));
  identity.close();
  for (const signal of ['SIGTERM', 'SIGINT', 'unhandledRejection']) process.removeAllListeners(signal);
});

const order = (customerId = newId('cus')) =>
  grpc.StartTopUp(
    {
      ...{ customerId, channel: 'wechat-pay', amount: '50', currency: 'CNY' },
      ...{ idempotencyKey: randomUUID(), ...usualWay },
    },
    { timeoutMs: 20_000 },
  );

const rowOf = async (sql: string, values: readonly unknown[]): Promise<pg.QueryResultRow | undefined> =>
  (await database.query(sql, [...values])).rows[0] as pg.QueryResultRow | undefined;

/** The outbox has it once, and once it comes out. */
const toldOnce = async (eventId: string): Promise<void> => {
  await publishedEvent(eventId);
  const row = await rowOf('SELECT count(*)::int AS count FROM outbox WHERE event_id = $1', [eventId]);
  expect(row?.['count']).toBe(1);
};

/** Somebody else's lock on a row: whoever needs the row stands still. */
const locked = async (sql: string, values: readonly unknown[]): Promise<() => Promise<void>> => {
  const client = await database.connect();
  await client.query('BEGIN');
  await client.query(sql, [...values]);
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
};

/** The ledger sets an item of a refund aside. */
const reserved = async (topUpId: string, customerId: string): Promise<string> => {
  const { refundId } = await grpc.RequestRefund({
    ...{ customerId, closeOut: true, amount: '', currency: '', idempotencyKey: randomUUID() },
  });
  const money = { amount: '12.35', currency: 'CNY' };
  const now = new Date().toISOString();
  const items = [{ itemId: `${refundId}.1`, topUpId, channel: 'wechat-pay', amount: money }];
  const event = {
    ...{ id: `${refundId}:reserved`, type: 'RefundReserved', source: 'haoli/ledger', time: now },
    subject: customerId,
    data: { refundId, customerId, total: money, rounding: '0', reservedAt: now, items },
  };
  const { name } = topics.ledgerRefunds;
  await ledger.get(EventLog, { strict: false }).publish(name, [encodeEvent(name, event)]);
  return refundId;
};

const paidOrder = async () => {
  const customerId = newId('cus');
  const { topUpId } = await order(customerId);
  await sandbox.pay(topUpId);
  return { topUpId, customerId };
};

describe('a top-up survives the end of the process', () => {
  it('between the committed order and the provider’s hearing of it', async () => {
    await sandbox.fault('dropBefore', { on: 'create', times: 1_000 });
    const customerId = newId('cus');
    const lost = order(customerId).catch(() => undefined);
    const found = await eventually(() =>
      rowOf(
        `SELECT top_up_id FROM top_up JOIN provider_attempt ON subject_id = top_up_id WHERE customer_id = $1`,
        [customerId],
      ),
    );
    await service.kill();
    await lost;
    expect((await sandbox.orders()).map(({ outTradeNo }) => outTradeNo)).not.toContain(found['top_up_id']);
    await sandbox.clearFaults();
    await service.start();
    const topUpId = String(found['top_up_id']);
    await eventually(
      async () =>
        (await sandbox.orders()).some(({ outTradeNo }) => outTradeNo === topUpId) ? true : undefined,
      40,
    );
    await sandbox.pay(topUpId);
    await toldOnce(`${topUpId}:settled`);
  }, 90_000);

  it('between a notification and the commit of the credit', async () => {
    const { topUpId } = await order();
    const unlock = await locked('SELECT 1 FROM top_up WHERE top_up_id = $1 FOR UPDATE', [topUpId]);
    const paid = sandbox.pay(topUpId);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await service.kill();
    await unlock();
    await paid;
    const before = await rowOf('SELECT status FROM top_up WHERE top_up_id = $1', [topUpId]);
    expect(before?.['status']).toBe('pending');
    await service.start();
    await sandbox.advance(15);
    await toldOnce(`${topUpId}:settled`);
  }, 90_000);

  it('between the commit of the credit and its way to Kafka', async () => {
    const { topUpId } = await order();
    // What began before is not over: nothing newer is published meanwhile.
    const end = await locked('CREATE TEMP TABLE waits (id int) ON COMMIT DROP', []);
    await sandbox.pay(topUpId);
    const row = await rowOf('SELECT status FROM top_up WHERE top_up_id = $1', [topUpId]);
    expect(row?.['status']).toBe('succeeded');
    await service.kill();
    expect(published.some(({ id }) => id === `${topUpId}:settled`)).toBe(false);
    await end();
    await service.start();
    await toldOnce(`${topUpId}:settled`);
  }, 90_000);
});

describe('a refund survives the end of the process', () => {
  it('between the committed attempt and the provider’s hearing of it', async () => {
    const { topUpId, customerId } = await paidOrder();
    await sandbox.fault('dropBefore', { on: 'refund', times: 1_000 });
    const refundId = await reserved(topUpId, customerId);
    await eventually(() => rowOf('SELECT 1 FROM provider_attempt WHERE subject_id = $1', [`${refundId}.1`]));
    await service.kill();
    await sandbox.clearFaults();
    await service.start();
    const number = `${refundId}-1`;
    await eventually(
      async () => (await sandbox.refunds()).find(({ outRefundNo }) => outRefundNo === number),
      40,
    );
    await sandbox.endRefund(number);
    await toldOnce(`${refundId}.1:paid`);
    const refunds = (await sandbox.refunds()).filter(({ outRefundNo }) => outRefundNo === number);
    expect(refunds).toHaveLength(1);
  }, 90_000);

  it('between the provider’s word that it is paid and its commit', async () => {
    const { topUpId, customerId } = await paidOrder();
    const refundId = await reserved(topUpId, customerId);
    const number = `${refundId}-1`;
    await eventually(async () => {
      const { items } = await grpc.GetRefund({ customerId, refundId });
      return items[0]?.status === 'processing' ? true : undefined;
    });
    const unlock = await locked('SELECT 1 FROM refund WHERE refund_id = $1 FOR UPDATE', [refundId]);
    const ended = sandbox.endRefund(number);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await service.kill();
    await unlock();
    await ended;
    await service.start();
    await sandbox.advance(15);
    await toldOnce(`${refundId}.1:paid`);
  }, 90_000);
});

describe('with PostgreSQL down for a while', () => {
  it('payments credits nothing, acknowledges nothing, and credits each payment once when it is back', async () => {
    const orders = await Promise.all(Array.from({ length: 8 }, () => order()));
    wire.cut();
    await Promise.all(orders.map(({ topUpId }) => sandbox.pay(topUpId)));
    const answers = (await sandbox.notifications()).slice(-8).flatMap((one) => one.answers);
    expect(answers.filter((status) => status === 200 || status === 204)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    wire.mend();
    for (const seconds of [15, 15, 30]) await sandbox.advance(seconds);
    for (const { topUpId } of orders) await toldOnce(`${topUpId}:settled`);
  }, 90_000);
});
