import { randomUUID } from 'node:crypto';
import type { Event, PaymentsApi } from '@app/contracts';
import { newId } from '@app/persistence';
import { freshDatabase, testServers, topicPrefix } from '@app/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readWechatCredentials } from '../src/channels/wechat-pay/wechat-credentials.ts';
import { WechatPayClient } from '../src/channels/wechat-pay/wechat-pay.client.ts';
import {
  eventually,
  type Payments,
  published,
  publishedEvent,
  type Sandboxes,
  startPayments,
  usualWay,
} from './payments-process.ts';

interface Item {
  readonly topUpId: string;
  readonly amount: string;
}

const servers = async () => ({
  KAFKA_BROKERS: testServers().kafkaBrokers,
  KAFKA_TOPIC_PREFIX: topicPrefix(),
  PAYMENTS_DATABASE_URL: await freshDatabase('payments'),
});

let payments: Payments;
/** The channel that the specs are about; each group says it. */
let channel: keyof Sandboxes = 'wechat-pay';

const sandbox = () => payments.sandboxes[channel];

const paidTopUp = async (customerId: string, amount: string): Promise<string> => {
  const order = await payments.grpc.StartTopUp({
    customerId,
    channel,
    amount,
    currency: 'CNY',
    idempotencyKey: randomUUID(),
    ...usualWay,
  });
  await sandbox().pay(order.topUpId);
  return order.topUpId;
};

const request = (customerId: string, changes: Partial<PaymentsApi.RequestRefundRequest> = {}) =>
  payments.grpc.RequestRefund({
    customerId,
    closeOut: true,
    amount: '',
    currency: '',
    idempotencyKey: randomUUID(),
    ...changes,
  });

const cny = (amount: string) => ({ amount, currency: 'CNY' });

/** The ledger sets these items aside. */
const reserve = async (refund: PaymentsApi.Refund, items: readonly Item[], rounding = '0') => {
  const { refundId, customerId } = refund;
  const now = new Date().toISOString();
  const data = {
    refundId,
    customerId,
    total: cny(items[0]?.amount ?? '0'),
    rounding,
    items: items.map(({ topUpId, amount }, index) => ({
      itemId: `${refundId}.${index + 1}`,
      topUpId,
      channel,
      amount: cny(amount),
    })),
    reservedAt: now,
  };
  await payments.ledgerSays(ledgerEvent(refund, 'reserved', { type: 'RefundReserved', data }));
};

const ledgerEvent = (
  { refundId, customerId }: PaymentsApi.Refund,
  suffix: string,
  { type, data }: Pick<Event, 'type' | 'data'>,
): Event => ({
  id: `${refundId}:${suffix}`,
  type,
  source: 'haoli/ledger',
  time: new Date().toISOString(),
  subject: customerId,
  data,
});

/** A refund of one item, as far as it has come at the sandbox. */
const reservedRefund = async (amount = '12.35') => {
  const customerId = newId('cus');
  const topUpId = await paidTopUp(customerId, '50');
  const refund = await request(customerId);
  await reserve(refund, [{ topUpId, amount }]);
  return { ...refund, topUpId, itemId: `${refund.refundId}.1`, number: `${refund.refundId}-1` };
};

const item = async ({ customerId, refundId }: PaymentsApi.Refund, index = 0) => {
  const { items } = await payments.grpc.GetRefund({ customerId, refundId });
  return items[index];
};

const untilItem = (refund: PaymentsApi.Refund, status: string, index = 0) =>
  eventually(async () => {
    const found = await item(refund, index);
    return found?.status === status ? found : undefined;
  });

/** How often an item was looked at since its status changed, and when it will be again. */
const lookOf = async ({ refundId }: PaymentsApi.Refund) => {
  const [row] = await payments.database.query<{ checks: number; check_at: string }>(
    'SELECT checks, check_at FROM refund_item WHERE item_id = $1',
    [`${refundId}.1`],
  );
  return { checks: row?.checks ?? 0, at: Date.parse(row?.check_at ?? '') };
};

const atSandbox = async (number: string) =>
  (await sandbox().refunds()).filter(({ outRefundNo }) => outRefundNo === number);

const sums = async (topUpId: string) => {
  const [row] = await payments.database.query(
    `SELECT trim_scale(refunding) AS refunding, trim_scale(refunded) AS refunded FROM top_up WHERE top_up_id = $1`,
    [topUpId],
  );
  return row;
};

beforeAll(async () => {
  payments = await startPayments(process.env, { ...(await servers()), WECHATPAY_REFUND_SPACING_MS: '60000' });
});
afterEach(async () => {
  await Promise.all(Object.values(payments.sandboxes).map((one) => one.clearFaults()));
});
afterAll(async () => {
  await payments.close();
});

describe('a refund', () => {
  it('is asked of the ledger, reserved, paid back by the provider, told to the ledger, and closed', async () => {
    const customerId = newId('cus');
    const topUpId = await paidTopUp(customerId, '50');
    const refund = await request(customerId);
    expect(refund).toMatchObject({ status: 'requested', closeOut: true, amount: '', items: [] });
    const asked = await publishedEvent(`${refund.refundId}:requested`);
    expect(asked).toMatchObject({ type: 'RefundRequested', subject: customerId });
    expect(asked.data).toMatchObject({ refundId: refund.refundId, request: { kind: 'close-out' } });

    await reserve(refund, [{ topUpId, amount: '12.35' }], '0.004322');
    await untilItem(refund, 'processing');
    expect(await sums(topUpId)).toEqual({ refunding: '12.35', refunded: '0' });
    expect(await atSandbox(`${refund.refundId}-1`)).toMatchObject([{ status: 'PROCESSING', refund: 1_235 }]);

    await sandbox().endRefund(`${refund.refundId}-1`);
    const paid = await untilItem(refund, 'succeeded');
    expect(await sums(topUpId)).toEqual({ refunding: '0', refunded: '12.35' });
    const told = await publishedEvent(`${refund.refundId}.1:paid`);
    expect(told.data).toMatchObject({
      itemId: `${refund.refundId}.1`,
      topUpId,
      customerId,
      channel: 'wechat-pay',
      amount: cny('12.35'),
      providerReference: paid.providerReference,
    });

    const data = { refundId: refund.refundId, customerId, paid: cny('12.35'), givenBack: cny('0') };
    const closing = { type: 'RefundClosed', data: { ...data, closedAt: '2026-11-22T09:00:06Z' } };
    await payments.ledgerSays(ledgerEvent(refund, 'closed', closing));
    const closed = await eventually(async () => {
      const found = await payments.grpc.GetRefund({ customerId, refundId: refund.refundId });
      return found.closedAt === '' ? undefined : found;
    });
    expect(closed).toMatchObject({
      status: 'succeeded',
      amount: '12.35',
      currency: 'CNY',
      closedAt: '2026-11-22T09:00:06Z',
    });
  });

  it('that the ledger refuses says why and what could be refunded', async () => {
    const customerId = newId('cus');
    const refund = await request(customerId, { closeOut: false, amount: '20.00', currency: 'CNY' });
    expect(refund).toMatchObject({ amount: '20', closeOut: false });
    const data = {
      refundId: refund.refundId,
      customerId,
      code: 'exceeds-refundable',
      refundable: cny('12.34'),
    };
    const refusal = { type: 'RefundRefused', data: { ...data, refusedAt: '2026-11-22T09:00:01Z' } };
    await payments.ledgerSays(ledgerEvent(refund, 'refused', refusal));
    const refused = await eventually(async () => {
      const found = await payments.grpc.GetRefund({ customerId, refundId: refund.refundId });
      return found.status === 'refused' ? found : undefined;
    });
    expect(refused).toMatchObject({ refusalCode: 'exceeds-refundable', refundable: '12.34', items: [] });
  });

  it('is one refund however often it is asked for with one key', async () => {
    const customerId = newId('cus');
    const idempotencyKey = randomUUID();
    const all = await Promise.all(Array.from({ length: 10 }, () => request(customerId, { idempotencyKey })));
    expect(new Set(all.map(({ refundId }) => refundId)).size).toBe(1);
    await expect(
      request(customerId, { idempotencyKey, closeOut: false, amount: '1', currency: 'CNY' }),
    ).rejects.toMatchObject({ code: 'different-request' });
  });

  it.each(['0', '-1', '1e2', '', '0.001'])(
    'of %s is refused with the field and what to send',
    async (amount) => {
      const asked = request(newId('cus'), { closeOut: false, amount, currency: 'CNY' });
      await expect(asked).rejects.toMatchObject({ details: { field: 'amount', remedy: expect.any(String) } });
    },
  );

  it('whose reservation comes twice is paid once', async () => {
    const refund = await reservedRefund();
    await reserve(refund, [{ topUpId: refund.topUpId, amount: '12.35' }]);
    await untilItem(refund, 'processing');
    expect(await atSandbox(refund.number)).toHaveLength(1);
  });

  it('above what was paid is parked and pays nothing', async () => {
    const refund = await reservedRefund('50.01');
    await eventually(async () => {
      const rows = await payments.database.query('SELECT 1 FROM parked_message WHERE event_id = $1', [
        `${refund.refundId}:reserved`,
      ]);
      return rows.length > 0 ? rows : undefined;
    });
    expect(await atSandbox(refund.number)).toEqual([]);
    expect(await item(refund)).toBeUndefined();
  });
});

describe('a refund of several payments', () => {
  it('of which the provider refuses one pays the others, gives that one back once, and says so', async () => {
    const customerId = newId('cus');
    const topUps = [];
    for (const amount of ['10', '20', '30'])
      topUps.push({ topUpId: await paidTopUp(customerId, amount), amount });
    const refund = await request(customerId);
    await reserve(refund, topUps);
    for (const index of [0, 1, 2]) await untilItem(refund, 'processing', index);
    await sandbox().endRefund(`${refund.refundId}-1`);
    await sandbox().endRefund(`${refund.refundId}-2`, 'close');
    await sandbox().endRefund(`${refund.refundId}-3`);
    await untilItem(refund, 'succeeded', 0);
    await untilItem(refund, 'failed', 1);
    await untilItem(refund, 'succeeded', 2);
    const ended = [
      await publishedEvent(`${refund.refundId}.1:paid`),
      await publishedEvent(`${refund.refundId}.2:failed`),
      await publishedEvent(`${refund.refundId}.3:paid`),
    ];
    expect(ended.map(({ data }) => (data as { amount?: { amount: string } }).amount?.amount)).toEqual([
      ...['10', '20', '30'],
    ]);
    const { status } = await payments.grpc.GetRefund({ customerId, refundId: refund.refundId });
    expect(status).toBe('partially_succeeded');
    expect(await Promise.all(topUps.map(({ topUpId }) => sums(topUpId)))).toEqual([
      { refunding: '0', refunded: '10' },
      { refunding: '0', refunded: '0' },
      { refunding: '0', refunded: '30' },
    ]);
    // The money that came back to the wallet may be asked for again, and goes out under another number.
    const next = await request(customerId);
    await reserve(next, [{ topUpId: topUps[1]?.topUpId ?? '', amount: '20' }]);
    payments.clock.advance(61);
    await untilItem(next, 'processing');
  });
});

describe('an item of a refund', () => {
  it.each(['dropBefore', 'dropAfter', 'http500', 'badSignature', 'unknownSerial', 'staleTimestamp'])(
    'whose sending ends in %s is paid exactly once, under the same number',
    async (fault) => {
      await sandbox().fault(fault, { on: 'refund' });
      const refund = await reservedRefund();
      await untilItem(refund, 'unknown');
      // Sending the same number again keeps to the spacing of its order, too.
      payments.clock.advance(61);
      await untilItem(refund, 'processing');
      expect(await atSandbox(refund.number)).toHaveLength(1);
      const all = (await sandbox().refunds()).filter(({ outRefundNo }) =>
        outRefundNo.startsWith(refund.refundId),
      );
      expect(all).toHaveLength(1);
      await sandbox().endRefund(refund.number);
      await untilItem(refund, 'succeeded');
      expect(published.filter(({ id }) => id === `${refund.itemId}:failed`)).toEqual([]);
    },
  );

  it('stays unknown while nobody answers, and is never failed for it', async () => {
    await sandbox().fault('dropAfter', { on: 'refund' });
    await sandbox().fault('dropBefore', { on: 'refundQuery', times: 3 });
    const refund = await reservedRefund();
    await untilItem(refund, 'unknown');
    payments.clock.advance(60);
    await eventually(async () => ((await item(refund))?.failureCode === '' ? undefined : true));
    expect(await item(refund)).toMatchObject({ status: 'unknown' });
    // It is asked about as often as it becomes due; the fourth time somebody answers.
    await eventually(async () => {
      if ((await lookOf(refund)).at > payments.clock.now().getTime()) payments.clock.advance(61);
      return (await item(refund))?.status === 'processing' ? true : undefined;
    });
    expect(await atSandbox(refund.number)).toHaveLength(1);
  });

  it('that the provider definitely refuses is given back, after asking once more', async () => {
    const customerId = newId('cus');
    const topUpId = await paidTopUp(customerId, '50');
    // Paid back by hand at the provider before: our books do not know, and the provider has nothing left.
    await refundByHand(topUpId, 5_000n);
    const refund = await request(customerId);
    await reserve(refund, [{ topUpId, amount: '12.35' }]);
    expect(await untilItem(refund, 'failed')).toMatchObject({ failureCode: 'INVALID_REQUEST' });
    const told = await publishedEvent(`${refund.refundId}.1:failed`);
    expect(told.data).toMatchObject({ amount: cny('12.35'), code: 'INVALID_REQUEST' });
    expect(await sums(topUpId)).toEqual({ refunding: '0', refunded: '0' });
    const found = await payments.grpc.GetRefund({ customerId, refundId: refund.refundId });
    expect(found.status).toBe('failed');
  });

  it('that the provider closes is given back once', async () => {
    const refund = await reservedRefund();
    await untilItem(refund, 'processing');
    await sandbox().endRefund(refund.number, 'close');
    await untilItem(refund, 'failed');
    await publishedEvent(`${refund.itemId}:failed`);
  });

  it('waits for funds under the same number', async () => {
    await sandbox().fault('notEnough', { on: 'refund' });
    const refund = await reservedRefund();
    await untilItem(refund, 'queued_funds');
    expect(await atSandbox(refund.number)).toEqual([]);
    payments.clock.advance(61);
    await untilItem(refund, 'processing');
    expect(await atSandbox(refund.number)).toHaveLength(1);
  });

  it('whose payer’s account is gone is neither paid nor given back', async () => {
    const refund = await reservedRefund();
    await untilItem(refund, 'processing');
    await sandbox().endRefund(refund.number, 'abnormal');
    await untilItem(refund, 'abnormal');
    await eventually(async () => {
      const figures = await (await fetch(`${payments.url}/metrics`)).text();
      return /^payments_refund_items_abnormal [1-9]/m.test(figures) ? true : undefined;
    });
    expect(await sums(refund.topUpId)).toEqual({ refunding: '12.35', refunded: '0' });
    await sandbox().endRefund(refund.number);
    await untilItem(refund, 'succeeded');
  });

  it('of which the provider tells what cannot be is asked about ever less often, not without end', async () => {
    const refund = await reservedRefund();
    await untilItem(refund, 'processing');
    await payments.database.query(`UPDATE refund_item SET amount = amount - 1 WHERE item_id = $1`, [
      refund.itemId,
    ]);
    await sandbox().endRefund(refund.number);
    for (let round = 0; round < 6; round += 1) {
      const { checks } = await lookOf(refund);
      payments.clock.advance(3_601);
      await eventually(async () => ((await lookOf(refund)).checks > checks ? true : undefined));
    }
    expect((await lookOf(refund)).at - payments.clock.now().getTime()).toBeGreaterThan(1_800_000);
    expect(await item(refund)).toMatchObject({ status: 'processing' });
  });

  it('whose notification is lost is found by asking', async () => {
    const refund = await reservedRefund();
    await untilItem(refund, 'processing');
    await sandbox().fault('loseNotification');
    await sandbox().endRefund(refund.number);
    expect(await item(refund)).toMatchObject({ status: 'processing' });
    payments.clock.advance(31);
    await untilItem(refund, 'succeeded');
  });

  it('is told once by 50 notifications at the same time', async () => {
    const refund = await reservedRefund();
    await untilItem(refund, 'processing');
    await sandbox().fault('duplicateNotify', { value: 50 });
    await sandbox().endRefund(refund.number);
    await untilItem(refund, 'succeeded');
    const rows = await payments.database.query('SELECT 1 FROM outbox WHERE event_id = $1', [
      `${refund.itemId}:paid`,
    ]);
    expect(rows).toHaveLength(1);
    expect(await sums(refund.topUpId)).toEqual({ refunding: '0', refunded: '12.35' });
  });

  it('of an order that was just refunded waits for the provider’s spacing', async () => {
    const customerId = newId('cus');
    const topUpId = await paidTopUp(customerId, '50');
    const [first, second] = [await request(customerId), await request(customerId)];
    await reserve(first, [{ topUpId, amount: '10' }]);
    await untilItem(first, 'processing');
    await reserve(second, [{ topUpId, amount: '20' }]);
    await untilItem(second, 'created');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await item(second)).toMatchObject({ status: 'created' });
    payments.clock.advance(61);
    await untilItem(second, 'processing');
  });

  it('of an old payment waits for people and is not sent', async () => {
    const customerId = newId('cus');
    const topUpId = await paidTopUp(customerId, '50');
    payments.clock.advance(365 * 86_400);
    const refund = await request(customerId);
    await reserve(refund, [{ topUpId, amount: '10' }]);
    await untilItem(refund, 'created');
    await new Promise((resolve) => setTimeout(resolve, 300));
    payments.clock.advance(-365 * 86_400);
    expect(await item(refund)).toMatchObject({ status: 'created' });
    expect(await atSandbox(`${refund.refundId}-1`)).toEqual([]);
    const [row] = await payments.database.query('SELECT check_at FROM refund_item WHERE item_id = $1', [
      `${refund.refundId}.1`,
    ]);
    expect(row).toEqual({ check_at: null });
  });
});

/** Refunds an order at the provider behind our back, as a person in the merchant's console would. */
async function refundByHand(topUpId: string, fen: bigint): Promise<void> {
  const client = new WechatPayClient(readWechatCredentials(sandbox().directory), {
    baseUrl: sandbox().url,
    timeoutMs: 15_000,
    notifyBaseUrl: payments.url,
    refundSpacingMs: 0,
  });
  await client.refund({
    number: `console-${topUpId}`,
    orderNumber: topUpId,
    refund: { minor: fen, currency: 'CNY' },
    paid: { minor: 5_000n, currency: 'CNY' },
    reason: 'console',
  });
  expect(await atSandbox(`console-${topUpId}`)).toHaveLength(1);
}

describe('an item of a refund to Alipay', () => {
  beforeAll(() => {
    channel = 'alipay';
  });
  afterAll(() => {
    channel = 'wechat-pay';
  });

  it('is paid by the very call; TRADE_SUCCESS, told once more because of it, credits nothing', async () => {
    const refund = await reservedRefund();
    await untilItem(refund, 'succeeded');
    const told = await eventually(async () =>
      (await sandbox().notifications()).find(({ form }) => form?.['out_biz_no'] === refund.number),
    );
    expect(told).toMatchObject({ eventType: 'TRADE_SUCCESS', acknowledged: true });
    const rows = await payments.database.query(
      `SELECT event_id FROM outbox WHERE event_id LIKE $1 OR event_id LIKE $2 ORDER BY event_id`,
      [`${refund.topUpId}%`, `${refund.itemId}%`],
    );
    expect(rows).toEqual([{ event_id: `${refund.itemId}:paid` }, { event_id: `${refund.topUpId}:settled` }]);
    expect(await sums(refund.topUpId)).toEqual({ refunding: '0', refunded: '12.35' });
  });

  it.each(['dropBefore', 'dropAfter', 'http500', 'badSignature', 'unsigned', 'fundChangeN'])(
    'whose sending ends in %s is paid exactly once, under the same number',
    async (fault) => {
      const times = fault.startsWith('drop') ? 2 : 1;
      await sandbox().fault(fault, { on: 'refund', times });
      const refund = await reservedRefund();
      await untilItem(refund, 'unknown');
      if (fault === 'fundChangeN') await sandbox().endRefund(refund.number);
      payments.clock.advance(61);
      await untilItem(refund, 'succeeded');
      expect(await atSandbox(refund.number)).toHaveLength(1);
      expect(await sums(refund.topUpId)).toEqual({ refunding: '0', refunded: '12.35' });
    },
  );

  it('that failed there without a word is sent again under its number, and paid once', async () => {
    await sandbox().fault('fundChangeN', { on: 'refund' });
    const refund = await reservedRefund();
    await untilItem(refund, 'unknown');
    await sandbox().endRefund(refund.number, 'close');
    payments.clock.advance(61);
    await untilItem(refund, 'succeeded');
    expect(await atSandbox(refund.number)).toHaveLength(1);
    expect(await sums(refund.topUpId)).toEqual({ refunding: '0', refunded: '12.35' });
  });

  it('that is done later is found at once when the provider hints at it', async () => {
    await sandbox().fault('fundChangeN', { on: 'refund' });
    const refund = await reservedRefund();
    await untilItem(refund, 'unknown');
    await payments.database.query(
      `UPDATE refund_item SET check_at = now() + interval '1 day' WHERE item_id = $1`,
      [refund.itemId],
    );
    await sandbox().endRefund(refund.number);
    await untilItem(refund, 'succeeded');
  });

  it('waits for funds under the same number', async () => {
    await sandbox().fault('notEnough', { on: 'refund' });
    const refund = await reservedRefund();
    await untilItem(refund, 'queued_funds');
    expect(await atSandbox(refund.number)).toEqual([]);
    payments.clock.advance(61);
    await untilItem(refund, 'succeeded');
  });

  it('that the provider no longer takes waits for people and is not given back', async () => {
    const customerId = newId('cus');
    const topUpId = await paidTopUp(customerId, '50');
    // The provider's contract ends before what we were told of it.
    await sandbox().advance(91 * 86_400);
    const refund = await request(customerId);
    await reserve(refund, [{ topUpId, amount: '10' }]);
    await untilItem(refund, 'abnormal');
    expect(await sums(topUpId)).toEqual({ refunding: '10', refunded: '0' });
  });
});

it('a refund item that two processes take at the same time counts and is sent once', async () => {
  channel = 'wechat-pay';
  await sandbox().fault('delayMs', { on: 'refund', value: 4_000 });
  const refund = await reservedRefund();
  await untilItem(refund, 'submitting');
  // As another process sees it that had taken the item before, and was slow: it still believes it to be unsent.
  await payments.database.query(
    `UPDATE refund_item SET check_at = now() - interval '1 hour' WHERE item_id = $1`,
    [refund.itemId],
  );
  await untilItem(refund, 'processing');
  expect(await atSandbox(refund.number)).toHaveLength(1);
  const [row] = await payments.database.query(
    'SELECT count(*)::int AS sent FROM refund_item WHERE top_up_id = $1 AND sent_at IS NOT NULL',
    [refund.topUpId],
  );
  expect(row).toEqual({ sent: 1 });
});
