import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { encodeEvent, topics } from '@app/contracts';
import { EventLog } from '@app/kafka';
import { newId } from '@app/persistence';
import { freshDatabase, testServers, topicPrefix } from '@app/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type SpecIdentityProvider, startIdentityProvider } from './identity-provider.ts';
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

const program = join(import.meta.dirname, '../../../dist/apps/payments/src/main.js');

const servers = async () => ({
  KAFKA_BROKERS: testServers().kafkaBrokers,
  KAFKA_TOPIC_PREFIX: topicPrefix(),
  PAYMENTS_DATABASE_URL: await freshDatabase('payments'),
});

let identity: SpecIdentityProvider;
let sandboxes: Sandboxes;
let sandbox: SandboxProcess;
let ledger: NestFastifyApplication;
let environment: Record<string, string>;
let grpc: ReturnType<typeof paymentsClient>;
let database: pg.Pool;
let child: ChildProcess | undefined;

const start = async (): Promise<void> => {
  const env = { PATH: process.env['PATH'], LOG_LEVEL: 'error', ...environment };
  child = spawn(process.execPath, ['--disable-warning=TimeoutNegativeWarning', program], {
    env,
    stdio: 'inherit',
  });
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${environment['PAYMENTS_HTTP_PORT'] ?? ''}/readyz`).catch(
      () => undefined,
    );
    return answer?.ok === true ? true : undefined;
  });
};

/** Ends the service as a crash would. */
const kill = async (): Promise<void> => {
  const gone = new Promise((resolve) => child?.once('exit', resolve));
  child?.kill('SIGKILL');
  await gone;
};

const one = async <Row extends pg.QueryResultRow>(
  sql: string,
  values: readonly unknown[],
): Promise<Row | undefined> => (await database.query<Row>(sql, [...values])).rows[0];

const orderFor = (customerId: string) =>
  grpc.StartTopUp(
    {
      customerId,
      channel: 'wechat-pay',
      amount: '50',
      currency: 'CNY',
      idempotencyKey: randomUUID(),
      ...usualWay,
    },
    { timeoutMs: 20_000 },
  );

beforeAll(async () => {
  identity = await startIdentityProvider();
  sandboxes = await startProviders();
  sandbox = sandboxes['wechat-pay'];
  environment = {
    ...(await environmentOf(sandboxes, identity)),
    ...(await servers()),
    WECHATPAY_TIMEOUT_MS: '20000',
  };
  Object.assign(process.env, {
    OIDC_ISSUER: identity.issuer,
    SERVICE_CLIENT_ID: 'x',
    SERVICE_CLIENT_SECRET: 'x',
  });
  process.env['LOG_LEVEL'] ??= 'silent';
  database = new pg.Pool({ connectionString: environment['PAYMENTS_DATABASE_URL'] });
  ledger = await startLedger(environment);
  await start();
  grpc = paymentsClient(environment['PAYMENTS_GRPC_URL'] ?? '', identity.issuer);
});
afterAll(async () => {
  await kill();
  await ledger.close();
  await database.end();
  await Promise.all(Object.values(sandboxes).map((one) => one.close()));
  identity.close();
  for (const signal of ['SIGTERM', 'SIGINT', 'unhandledRejection']) process.removeAllListeners(signal);
});

describe('payments, killed', () => {
  it('between the attempt and its answer, finds the order by its number and lets it be paid', async () => {
    const customerId = newId('cus');
    await sandbox.fault('delayMs', { on: 'create', value: 15_000 });
    const lost = orderFor(customerId).catch(() => undefined);
    const row = await eventually(() =>
      one<{ top_up_id: string }>(
        `SELECT top_up_id FROM top_up JOIN provider_attempt ON subject_id = top_up_id
          WHERE customer_id = $1 AND outcome = 'prepared'`,
        [customerId],
      ),
    );
    await eventually(async () => ((await sandbox.orders()).length > 0 ? true : undefined));
    await kill();
    await lost;
    await start();
    const order = await eventually(async () => {
      const found = await grpc.GetTopUp({ customerId, topUpId: row.top_up_id });
      return found.actionValue === '' ? undefined : found;
    });
    expect(await sandbox.orders()).toMatchObject([{ outTradeNo: order.topUpId, codeUrl: order.actionValue }]);
    await sandbox.pay(order.topUpId);
    await publishedEvent(`${order.topUpId}:settled`);
  }, 90_000);

  it('between the attempt at a refund and its answer, pays it exactly once', async () => {
    const customerId = newId('cus');
    const { topUpId } = await orderFor(customerId);
    await sandbox.pay(topUpId);
    const { refundId } = await grpc.RequestRefund({
      customerId,
      closeOut: true,
      amount: '',
      currency: '',
      idempotencyKey: randomUUID(),
    });
    const money = { amount: '12.35', currency: 'CNY' };
    const now = new Date().toISOString();
    await sandbox.fault('delayMs', { on: 'refund', value: 15_000 });
    const reserved = {
      id: `${refundId}:reserved`,
      type: 'RefundReserved',
      source: 'haoli/ledger',
      time: now,
      subject: customerId,
      data: {
        ...{ refundId, customerId, total: money, rounding: '0', reservedAt: now },
        items: [{ itemId: `${refundId}.1`, topUpId, channel: 'wechat-pay', amount: money }],
      },
    };
    const { name } = topics.ledgerRefunds;
    await ledger.get(EventLog, { strict: false }).publish(name, [encodeEvent(name, reserved)]);
    await eventually(async () => ((await sandbox.refunds()).length > 0 ? true : undefined));
    await kill();
    await start();
    await eventually(async () => {
      const { items } = await grpc.GetRefund({ customerId, refundId });
      return items[0]?.status === 'processing' ? true : undefined;
    });
    expect(await sandbox.refunds()).toMatchObject([{ outRefundNo: `${refundId}-1`, refund: 1_235 }]);
    await sandbox.endRefund(`${refundId}-1`);
    await publishedEvent(`${refundId}.1:paid`);
  }, 90_000);

  it('again and again while customers pay, credits each payment exactly once', async () => {
    const orders: string[] = [];
    for (let index = 0; index < 16; index += 1) orders.push((await orderFor(newId('cus'))).topUpId);
    for (let round = 0; round < 2; round += 1) {
      const payers = orders.slice(round * 8, round * 8 + 8).map((topUpId) => sandbox.pay(topUpId));
      await new Promise((resolve) => setTimeout(resolve, 10 + round * 25));
      await kill();
      await Promise.all(payers);
      await start();
    }
    // The provider tells again what nobody acknowledged.
    for (const seconds of [15, 15, 30]) await sandbox.advance(seconds);
    const settled = orders.map((topUpId) => `${topUpId}:settled`);
    await eventually(() =>
      settled.every((id) => published.some((event) => event.id === id)) ? true : undefined,
    );
    const { rows } = await database.query<{ event_id: string }>(
      'SELECT event_id FROM outbox WHERE event_id = ANY($1)',
      [settled],
    );
    expect(rows.map(({ event_id: id }) => id).sort()).toEqual([...settled].sort());
  }, 120_000);
});

describe('payments in production', () => {
  it('does not start with a provider on the loopback interface', async () => {
    const env = {
      PATH: process.env['PATH'],
      ...environment,
      NODE_ENV: 'production',
      PAYMENTS_HTTP_PORT: '0',
    };
    const refused = spawn(process.execPath, [program], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    refused.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    const status = await new Promise((resolve) => refused.once('close', resolve));
    expect(status).not.toBe(0);
    expect(complaint).toContain('one on the loopback interface is a sandbox');
  });
});
