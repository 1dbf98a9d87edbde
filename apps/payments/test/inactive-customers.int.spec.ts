import { randomUUID } from 'node:crypto';
import { newId } from '@app/persistence';
import { freshDatabase, testServers, topicPrefix } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decided, finance } from './finance-people.ts';
import {
  eventually,
  type Payments,
  published,
  publishedEvent,
  startPayments,
  usualWay,
} from './payments-process.ts';

let payments: Payments;

beforeAll(async () => {
  payments = await startPayments(process.env, {
    KAFKA_BROKERS: testServers().kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix(),
    PAYMENTS_DATABASE_URL: await freshDatabase('payments'),
  });
}, 60_000);
afterAll(() => payments.close());

/** The gateway says so, and payments has heard it. */
async function isNow(customerId: string, status: string): Promise<void> {
  await payments.customerIs(customerId, status);
  await eventually(async () => {
    const rows = await payments.database.query(
      'SELECT 1 FROM customer WHERE customer_id = $1 AND status = $2',
      [...[customerId, status]],
    );
    return rows[0];
  });
}

type Channel = 'wechat-pay' | 'alipay';

const anOrder = async (customerId: string, channel: Channel) => {
  const wish = { customerId, channel, amount: '50', currency: 'CNY', idempotencyKey: randomUUID() };
  return payments.grpc.StartTopUp({ ...wish, ...usualWay });
};

const statusOf = async (customerId: string, topUpId: string) =>
  (await payments.grpc.GetTopUp({ customerId, topUpId })).status;

const untilStatus = (customerId: string, topUpId: string, wanted: string) =>
  eventually(async () => ((await statusOf(customerId, topUpId)) === wanted ? wanted : undefined));

const toldOf = (topUpId: string): string[] =>
  published.filter(({ id }) => id.startsWith(`${topUpId}:`)).map(({ type }) => type);

/** A payment that came when its customer was not active any more: in suspense, in our books and in the ledger's. */
async function aBlockedPayment(channel: Channel, status: string, isLate: boolean) {
  const customerId = newId('cus');
  await isNow(customerId, 'active');
  const { topUpId } = await anOrder(customerId, channel);
  if (isLate) {
    payments.clock.advance(902);
    await untilStatus(customerId, topUpId, 'closed');
  }
  await isNow(customerId, status);
  await payments.sandboxes[channel].pay(topUpId, { late: isLate });
  await untilStatus(customerId, topUpId, 'review');
  const { body } = await payments.call('/v1/suspense?limit=500', finance);
  const suspense = (body['suspense'] as Record<string, string>[]).find(
    (one) => one['customerId'] === customerId,
  );
  expect(suspense).toMatchObject({ channel, amount: '50', reason: 'customer-blocked', assigned: '0' });
  const { suspenseId = '', sourceId = '' } = suspense ?? {};
  await publishedEvent(`${suspenseId}:received`);
  return { customerId, topUpId, suspenseId, providerReference: sourceId.slice(channel.length + 1) };
}

const resolved = (
  payment: Awaited<ReturnType<typeof aBlockedPayment>>,
  resolution: 'credit' | 'pay-back',
) => {
  const { topUpId, providerReference } = payment;
  return decided(payments, { kind: 'resolve-payment', topUpId, providerReference, resolution });
};

describe.each(['wechat-pay', 'alipay'] as const)(
  'a payment by %s of a customer who is not active any more',
  (channel) => {
    it.each([
      ['suspended', true],
      ['closed', true],
      ['closed', false],
      ['draining', false],
    ] as const)(
      '(%s; after its order was closed: %s) is not lost and credits no wallet: it lies in suspense',
      async (status, isLate) => {
        const { topUpId } = await aBlockedPayment(channel, status, isLate);
        expect(toldOf(topUpId)).toEqual([]);
      },
    );

    it('goes back by two people to whoever paid it', async () => {
      const payment = await aBlockedPayment(channel, 'closed', true);
      expect(await resolved(payment, 'pay-back')).toMatchObject({ status: 200 });
      await untilStatus(payment.customerId, payment.topUpId, 'paid_back');
      expect(toldOf(payment.topUpId)).toEqual([]);
      const refunds = await eventually(async () => {
        const all = await payments.sandboxes[channel].refunds();
        const ours = all.filter((one) => one.outTradeNo === payment.topUpId);
        return ours.length > 0 ? ours : undefined;
      });
      expect(refunds).toHaveLength(1);
    });

    it('is credited by two people where the customer is only suspended, and never where it is closed', async () => {
      const suspended = await aBlockedPayment(channel, 'suspended', true);
      expect(await resolved(suspended, 'credit')).toMatchObject({ status: 200 });
      expect((await publishedEvent(`${suspended.topUpId}:assigned`)).data).toMatchObject({
        ...{ suspenseId: suspended.suspenseId, customerId: suspended.customerId },
        amount: { amount: '50', currency: 'CNY' },
      });
      const closed = await aBlockedPayment(channel, 'closed', true);
      expect(await resolved(closed, 'credit')).toMatchObject({ status: 409, body: { field: 'resolution' } });
      expect(await statusOf(closed.customerId, closed.topUpId)).toBe('review');
      expect(toldOf(closed.topUpId)).toEqual([]);
    });
  },
);
