import { createPublicKey, createVerify, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { freshDatabase, testServers, topicPrefix } from '@app/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventually,
  type Payments,
  published,
  publishedEvent,
  type Sandboxes,
  startPayments,
  usualWay,
} from './payments-process.ts';

const servers = async () => ({
  KAFKA_BROKERS: testServers().kafkaBrokers,
  KAFKA_TOPIC_PREFIX: topicPrefix(),
  PAYMENTS_DATABASE_URL: await freshDatabase('payments'),
});

let payments: Payments;
let customers = 0;
/** The channel that the specs are about; each group says it. */
let channel: keyof Sandboxes = 'wechat-pay';

const sandbox = () => payments.sandboxes[channel];

/** What differs between the providers as they are seen from outside. */
const providers = [
  {
    code: 'wechat-pay',
    acknowledged: 204,
    refused: 401,
    failed: 500,
    unknown: 404,
    qr: /^weixin:\/\/wxpay/,
    unsure: ['dropBefore', 'dropAfter', 'http500', 'badSignature', 'unknownSerial', 'staleTimestamp'],
    drops: 1,
    unproven: ['badSignature', 'unknownSerial', 'tamperedTag', 'signTest'],
    questions: [
      { fault: 'wrongCurrency', value: undefined, reason: 'currency-differs' },
      { fault: 'foreignApp', value: undefined, reason: 'recipient-differs' },
    ],
    closed: 'CLOSED',
  },
  {
    code: 'alipay',
    acknowledged: 200,
    // Alipay looks at the word in the answer, not at its status.
    refused: 200,
    failed: 200,
    unknown: 200,
    qr: /^https:\/\/qr\.alipay\.com/,
    unsure: ['dropBefore', 'dropAfter', 'http500', 'badSignature', 'unsigned'],
    // Its library asks a second time by itself where the connection breaks.
    drops: 2,
    unproven: ['badSignature', 'unsigned', 'weakSignType'],
    questions: [
      { fault: 'foreignApp', value: undefined, reason: 'recipient-differs' },
      { fault: 'foreignSeller', value: undefined, reason: 'recipient-differs' },
    ],
    // A code that nobody has scanned is no trade there, and cannot be closed.
    closed: 'NOTPAY',
  },
] as const;

const aCustomer = (): string => {
  customers += 1;
  return `cus_${String(customers).padStart(26, '0')}`;
};

const asked = (amount = '50', changes: { customerId?: string; idempotencyKey?: string } = {}) => ({
  customerId: aCustomer(),
  channel,
  amount,
  currency: 'CNY',
  idempotencyKey: randomUUID(),
  ...usualWay,
  ...changes,
});

const start = (amount?: string) => payments.grpc.StartTopUp(asked(amount));

const get = (customerId: string, topUpId: string) => payments.grpc.GetTopUp({ customerId, topUpId });

const untilStatus = (order: { customerId: string; topUpId: string }, status: string) =>
  eventually(async () => {
    const found = await get(order.customerId, order.topUpId);
    return found.status === status ? found : undefined;
  });

const settledCount = async (topUpId: string): Promise<number> => {
  const rows = await payments.database.query('SELECT 1 FROM outbox WHERE event_id = $1', [
    `${topUpId}:settled`,
  ]);
  return rows.length;
};

const notificationsOf = async (topUpId: string): Promise<number> => {
  const rows = await payments.database.query('SELECT 1 FROM provider_notification WHERE subject_id = $1', [
    topUpId,
  ]);
  return rows.length;
};

const lastNotification = async () => {
  const last = (await sandbox().notifications()).at(-1);
  if (!last) throw new Error('nothing was sent');
  return last;
};

beforeAll(async () => {
  payments = await startPayments(process.env, await servers());
});
afterEach(async () => {
  await Promise.all(Object.values(payments.sandboxes).map((one) => one.clearFaults()));
});
afterAll(async () => {
  await payments.close();
});

describe.each(providers)('a top-up by $code', (provider) => {
  beforeAll(() => {
    channel = provider.code;
  });
  afterAll(() => {
    channel = 'wechat-pay';
  });

  it('is shown as a QR code, paid, credited, and told to the ledger', async () => {
    const order = await start('50.00');
    expect(order).toMatchObject({
      status: 'pending',
      amount: '50',
      currency: 'CNY',
      actionKind: 'qr',
      paidAt: '',
    });
    expect(order.actionValue).toMatch(provider.qr);

    const { transactionId } = await sandbox().pay(order.topUpId);
    expect((await lastNotification()).answers).toEqual([provider.acknowledged]);
    const paid = await get(order.customerId, order.topUpId);
    expect(paid).toMatchObject({ status: 'succeeded', providerReference: transactionId, actionValue: '' });

    const event = await publishedEvent(`${order.topUpId}:settled`);
    expect(event).toMatchObject({
      type: 'TopUpSettled',
      subject: order.customerId,
      source: 'haoli/payments',
    });
    expect(event.data).toEqual({
      topUpId: order.topUpId,
      customerId: order.customerId,
      channel,
      paid: { amount: '50', currency: 'CNY' },
      providerReference: transactionId,
      paidAt: paid.paidAt,
      late: false,
    });
  });

  it('is credited once by 200 notifications at the same time', async () => {
    const order = await start();
    await sandbox().fault('duplicateNotify', { value: 200 });
    await sandbox().pay(order.topUpId);
    const { answers, acknowledged } = await lastNotification();
    // None is refused; on a busy machine the provider does not wait for the last ones and would tell again.
    expect(answers).toHaveLength(200);
    expect(answers.filter((status) => status !== provider.acknowledged && status !== 0)).toEqual([]);
    expect(acknowledged).toBe(true);
    expect(await settledCount(order.topUpId)).toBe(1);
    await publishedEvent(`${order.topUpId}:settled`);
    expect(published.filter(({ id }) => id === `${order.topUpId}:settled`)).toHaveLength(1);
  });

  it('is credited once when the notification is sent again much later', async () => {
    const order = await start();
    await sandbox().pay(order.topUpId);
    const { id } = await lastNotification();
    expect(await sandbox().again(id, 3)).toEqual([1, 2, 3].map(() => provider.acknowledged));
    expect(await settledCount(order.topUpId)).toBe(1);
  });

  it('was committed before the provider heard of it, with the attempt', async () => {
    await sandbox().fault('delayMs', { on: 'create', value: 4_000 });
    const pending = start();
    const [row] = await eventually(async () => {
      const rows = await payments.database.query<{ status: string; outcome: string; operation: string }>(
        `SELECT status, outcome, operation FROM top_up JOIN provider_attempt ON subject_id = top_up_id
          WHERE outcome = 'prepared'`,
      );
      return rows.length > 0 ? rows : undefined;
    });
    expect(row).toEqual({ status: 'created', outcome: 'prepared', operation: 'create' });
    expect(await pending).toMatchObject({ status: 'pending' });
  });

  it('is credited by a notification that comes before the answer to its creation', async () => {
    await sandbox().fault('notifyBeforeResponse', { on: 'create' });
    const order = await start();
    // The late answer brings a QR code, and must not bring back an order that waits to be paid.
    expect(order).toMatchObject({ status: 'succeeded', actionValue: '' });
    expect(await settledCount(order.topUpId)).toBe(1);
  });

  it.each([...provider.unsure])(
    'whose creation ends in %s keeps its number and can be paid after all',
    async (fault) => {
      await sandbox().fault(fault, { on: 'create', times: fault.startsWith('drop') ? provider.drops : 1 });
      const order = await start();
      expect(order).toMatchObject({ status: 'unknown', actionValue: '' });
      payments.clock.advance(2);
      const payable = await untilStatus(order, 'pending');
      const shown =
        payable.actionValue === ''
          ? await eventually(async () => {
              const found = await get(order.customerId, order.topUpId);
              return found.actionValue === '' ? undefined : found;
            })
          : payable;
      expect(shown.actionValue).toMatch(provider.qr);
      const orders = await sandbox().orders();
      expect(orders.filter(({ outTradeNo }) => outTradeNo === order.topUpId)).toHaveLength(1);
      await sandbox().pay(order.topUpId);
      expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'succeeded' });
    },
  );

  it('whose notification is lost is credited by asking', async () => {
    const order = await start();
    await sandbox().fault('loseNotification');
    await sandbox().pay(order.topUpId);
    payments.clock.advance(31);
    await untilStatus(order, 'succeeded');
    expect(await settledCount(order.topUpId)).toBe(1);
  });

  it('that nobody pays is closed at the provider and here; paid all the same, it is credited and called late', async () => {
    const order = await start();
    payments.clock.advance(902);
    await untilStatus(order, 'closed');
    const closed = (await sandbox().orders()).find(({ outTradeNo }) => outTradeNo === order.topUpId);
    expect(closed).toMatchObject({ state: provider.closed });

    await sandbox().pay(order.topUpId, { late: true });
    expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'succeeded' });
    expect((await publishedEvent(`${order.topUpId}:settled`)).data).toMatchObject({ late: true });
  });

  it('is credited once when notifications, looks and its closing meet', async () => {
    const orders = await Promise.all(Array.from({ length: 6 }, () => start()));
    await sandbox().fault('duplicateNotify', { times: 6, value: 10 });
    payments.clock.advance(902);
    await Promise.all(orders.map(({ topUpId }) => sandbox().pay(topUpId, { late: true })));
    for (const order of orders) {
      await untilStatus(order, 'succeeded');
      await publishedEvent(`${order.topUpId}:settled`);
      expect(await settledCount(order.topUpId)).toBe(1);
    }
  });

  it('that is paid while it is being closed is paid', async () => {
    const order = await start();
    await sandbox().fault('loseNotification');
    await sandbox().pay(order.topUpId);
    payments.clock.advance(902);
    await untilStatus(order, 'succeeded');
    expect(await settledCount(order.topUpId)).toBe(1);
  });

  it.each([
    { fault: 'wrongAmount', value: 1, reason: 'amount-differs' },
    { fault: 'wrongAmount', value: -1, reason: 'amount-differs' },
    ...provider.questions,
  ])('paid with $fault $value goes to review and credits nothing', async ({ fault, value, reason }) => {
    const order = await start();
    await sandbox().fault(fault, { on: 'notification', ...(value === undefined ? {} : { value }) });
    await sandbox().pay(order.topUpId);
    expect((await lastNotification()).answers).toEqual([provider.acknowledged]);
    expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'review' });
    expect(await settledCount(order.topUpId)).toBe(0);
    const questions = await payments.database.query(
      'SELECT reason FROM top_up_question WHERE top_up_id = $1',
      [order.topUpId],
    );
    expect(questions).toEqual([{ reason }]);
  });

  it('whose payment has credited another order goes to review, and the provider may stop telling', async () => {
    const [other, order] = [await start(), await start()];
    await sandbox().fault('loseNotification');
    const { transactionId } = await sandbox().pay(order.topUpId);
    await payments.database.query(
      `UPDATE top_up SET status = 'succeeded', provider_reference = $2, paid_at = now() WHERE top_up_id = $1`,
      [other.topUpId, transactionId],
    );
    expect(await sandbox().again((await lastNotification()).id, 2)).toEqual(
      [1, 2].map(() => provider.acknowledged),
    );
    expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'review' });
    expect(await settledCount(order.topUpId)).toBe(0);
    const questions = await payments.database.query(
      'SELECT reason FROM top_up_question WHERE provider_reference = $1',
      [transactionId],
    );
    expect(questions).toEqual([{ reason: 'pays-another-order' }]);
  });

  it('that is paid a second time, by another payment, is not credited again: that payment lies in suspense', async () => {
    const order = await start();
    await sandbox().pay(order.topUpId);
    const { transactionId = '' } =
      (await sandbox().orders()).find((one) => one.outTradeNo === order.topUpId) ?? {};
    // What credited the order was another payment than the one that is told now.
    await payments.database.query('UPDATE top_up SET provider_reference = $2 WHERE top_up_id = $1', [
      ...[order.topUpId, `before${transactionId}`.slice(0, 32)],
    ]);
    await sandbox().again((await lastNotification()).id, 3);
    expect(await settledCount(order.topUpId)).toBe(1);
    const questions = await payments.database.query(
      'SELECT provider_reference AS id, reason FROM top_up_question WHERE top_up_id = $1',
      [order.topUpId],
    );
    expect(questions).toEqual([{ id: transactionId, reason: 'paid-twice' }]);
    const suspended = await payments.database.query('SELECT reason FROM suspense WHERE source_id = $1', [
      `${channel}:${transactionId}`,
    ]);
    expect(suspended).toEqual([{ reason: 'paid-twice' }]);
  });

  it('whose notification cannot be written down in time leaves nothing and is told again; then it is credited', async () => {
    const order = await start();
    const blocked = Promise.withResolvers<undefined>();
    const locked = Promise.withResolvers<undefined>();
    const blocking = payments.database.transaction(async (tx) => {
      await tx.query('LOCK TABLE provider_notification IN ACCESS EXCLUSIVE MODE');
      locked.resolve(undefined);
      await blocked.promise;
    });
    await locked.promise;
    const begun = performance.now();
    await sandbox().pay(order.topUpId);
    // The provider waits for five seconds, and hears a no before that.
    expect(performance.now() - begun).toBeLessThan(5_000);
    const failed = await lastNotification();
    expect(failed).toMatchObject({ acknowledged: false, answers: [provider.failed] });
    expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'pending' });
    expect(await settledCount(order.topUpId)).toBe(0);
    blocked.resolve(undefined);
    await blocking;
    await sandbox().again(failed.id, 1);
    expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'succeeded' });
    expect(await settledCount(order.topUpId)).toBe(1);
  });

  it('that we have lost is not acknowledged, so that the provider goes on telling, and is counted', async () => {
    const order = await start();
    await payments.database.query('UPDATE provider_attempt SET subject_id = $2 WHERE subject_id = $1', [
      ...[order.topUpId, 'lost'],
    ]);
    await payments.database.query('DELETE FROM idempotency_key WHERE subject_id = $1', [order.topUpId]);
    await payments.database.query('DELETE FROM top_up WHERE top_up_id = $1', [order.topUpId]);
    await sandbox().pay(order.topUpId);
    expect(await lastNotification()).toMatchObject({ acknowledged: false, answers: [provider.unknown] });
    expect(await settledCount(order.topUpId)).toBe(0);
    const figures = await (await fetch(`${payments.url}/metrics`)).text();
    const counted = new RegExp(`payments_notifications_total{[^}]*channel="${channel}",outcome="orphan"`);
    expect(figures).toMatch(counted);
  });

  it.each([...provider.unproven])(
    'is not credited by a notification with %s, which leaves nothing behind; the provider’s next try credits',
    async (fault) => {
      const order = await start();
      await sandbox().fault(fault, { on: 'notification' });
      await sandbox().pay(order.topUpId);
      expect((await lastNotification()).answers).toEqual([provider.refused]);
      expect((await lastNotification()).acknowledged).toBe(false);
      expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'pending' });
      expect(await notificationsOf(order.topUpId)).toBe(0);
      expect(await settledCount(order.topUpId)).toBe(0);
      await sandbox().again((await lastNotification()).id, 1);
      expect(await settledCount(order.topUpId)).toBe(1);
    },
  );
});

describe('a notification', () => {
  it.each([
    [299, 204],
    [301, 401],
  ])('that is %i seconds old is answered %i', async (age, status) => {
    const order = await start();
    await sandbox().fault('staleTimestamp', { on: 'notification', value: age });
    await sandbox().pay(order.topUpId);
    expect((await lastNotification()).answers).toEqual([status]);
    expect(await settledCount(order.topUpId)).toBe(status === 204 ? 1 : 0);
  });

  it('counts probes apart from attacks', async () => {
    const metrics = async () => (await fetch(`${payments.url}/metrics`)).text();
    expect(await metrics()).toMatch(/payments_notifications_refused_total\{.*reason="probe".*\} 1/);
    expect(await metrics()).toMatch(/payments_notifications_refused_total\{.*reason="bad-signature".*\} 1/);
  });

  it('from nobody is refused', async () => {
    for (const body of ['{}', 'not json', '']) {
      const answer = await fetch(`${payments.url}/webhooks/wechat/pay`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('a top-up on a page of Alipay', () => {
  const onPage = (changes: object = {}) =>
    payments.grpc.StartTopUp({ ...asked(), channel: 'alipay', method: 'page', ...changes });

  it('gives an address, is unknown there until the buyer goes to it, and is credited once paid', async () => {
    const { alipay } = payments.sandboxes;
    const order = await onPage({ returnUrl: 'https://shop.example/back' });
    expect(order).toMatchObject({
      status: 'pending',
      method: 'page',
      actionKind: 'redirect',
      actionPicture: '',
    });
    expect((await alipay.orders()).filter(({ outTradeNo }) => outTradeNo === order.topUpId)).toEqual([]);
    // A look that finds nothing there changes nothing here.
    payments.clock.advance(31);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'pending' });

    await alipay.payByCode(order.actionValue);
    expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'succeeded', late: false });
    expect(await settledCount(order.topUpId)).toBe(1);
  });

  it('is not paid by an address that was changed', async () => {
    const order = await onPage();
    const changed = order.actionValue.replace('50.00', '01.00');
    expect(changed).not.toBe(order.actionValue);
    await expect(payments.sandboxes.alipay.payByCode(changed)).rejects.toThrow(
      'the signature does not match',
    );
  });

  it.each([
    [{ channel: 'wechat-pay' }, 'method'],
    [{ method: 'jsapi' }, 'method'],
    [{ method: 'qr', returnUrl: 'https://shop.example' }, 'returnUrl'],
    [{ returnUrl: 'javascript:alert(1)' }, 'returnUrl'],
    [{ payer: 'someone' }, 'payer'],
  ])('cannot be asked for with %j: the field %s is named', async (changes, field) => {
    await expect(onPage(changes)).rejects.toMatchObject({
      code: 'invalid-request',
      details: { field, remedy: expect.any(String) },
    });
  });
});

describe('a top-up inside the app of WeChat', () => {
  it('gives parameters that only we can have signed, and is credited once paid', async () => {
    const order = await payments.grpc.StartTopUp({ ...asked(), method: 'jsapi', payer: 'oPayer_0001' });
    expect(order).toMatchObject({ method: 'jsapi', actionKind: 'jsapi', actionPicture: '' });
    const given = JSON.parse(order.actionValue) as Record<string, string>;
    const text = `${given['appId']}\n${given['timeStamp']}\n${given['nonceStr']}\n${given['package']}\n`;
    const key = readFileSync(`${sandbox().directory}/provider/merchant-public-key.pem`, 'utf8');
    const signed = createVerify('RSA-SHA256').update(text);
    expect(signed.verify(createPublicKey(key), given['paySign'] ?? '', 'base64')).toBe(true);
    expect(given).toMatchObject({ signType: 'RSA', package: expect.stringMatching(/^prepay_id=wx/) });

    const other = await payments.grpc.StartTopUp({ ...asked('1'), method: 'jsapi', payer: 'oPayer_0001' });
    const { package: cheaper = '' } = JSON.parse(other.actionValue) as Record<string, string>;
    const changes = {
      ...{ package: cheaper, nonceStr: 'anothernonce', appId: 'wxforeign00000001', signType: 'MD5' },
      ...{ timeStamp: String(Number(given['timeStamp']) + 1), paySign: '' },
    };
    for (const [name, value] of Object.entries(changes))
      await expect(sandbox().payInApp({ ...given, [name]: value })).rejects.toThrow('SIGN_ERROR');
    // Whoever only knows the number of the order cannot have it paid.
    await expect(sandbox().payByCode(cheaper.slice('prepay_id='.length))).rejects.toThrow('ORDER_NOT_EXIST');
    expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'pending' });

    await sandbox().payInApp(given);
    expect(await get(order.customerId, order.topUpId)).toMatchObject({ status: 'succeeded' });
  });

  it.each(['', 'ｏpenid', 'a b', 'x'.repeat(129)])('needs to know who pays: not %.12j', async (payer) => {
    const order = payments.grpc.StartTopUp({ ...asked(), method: 'jsapi', payer });
    await expect(order).rejects.toMatchObject({ code: 'invalid-request', details: { field: 'payer' } });
  });
});

describe('the open top-ups of a customer', () => {
  it('are five at most, however many are asked for at the same time; a paid one makes room', async () => {
    const customerId = aCustomer();
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, () => payments.grpc.StartTopUp(asked('50', { customerId }))),
    );
    const started = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(started).toHaveLength(5);
    const refusals = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as object] : []));
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'too-many-open', status: 429 });
    await sandbox().pay(started[0]?.topUpId ?? '');
    expect(await payments.grpc.StartTopUp(asked('50', { customerId }))).toMatchObject({ status: 'pending' });
  });
});

describe('the QR code of a top-up', () => {
  it('comes as text and as a picture, which a list leaves out', async () => {
    const order = await start();
    expect(order.actionPicture).toMatch(/^data:image\/svg\+xml;base64,/);
    const svg = Buffer.from(order.actionPicture.split(',')[1] ?? '', 'base64').toString();
    expect(svg).toMatch(/^<svg .*<\/svg>$/s);
    const { topUps } = await payments.grpc.ListTopUps({
      customerId: order.customerId,
      pageSize: 0,
      cursor: '',
    });
    expect(topUps).toMatchObject([{ actionValue: order.actionValue, actionPicture: '' }]);
  });
});

describe('the amount of a top-up', () => {
  it.each(['1', '1.0', '1.00', '7.50', '123456789.01'])('may be %s', async (amount) => {
    const order = await start(amount);
    expect(order.status).toBe('pending');
    await sandbox().pay(order.topUpId);
    const event = await publishedEvent(`${order.topUpId}:settled`);
    expect(event.data).toMatchObject({ paid: { amount: order.amount } });
  });

  it('is at least 1: 0.99 is refused with the field, the reason and what to do', async () => {
    await expect(start('0.99')).rejects.toMatchObject({
      code: 'amount-too-small',
      status: 422,
      details: {
        field: 'amount',
        detail: '0.99 CNY is less than the minimum of 1 CNY.',
        remedy: 'Send an amount of at least 1 CNY.',
      },
    });
  });

  it.each(['1.001', '1e2', '-1', '', '１.00', '0x10', '1,000', ' 1', 'NaN', '1'.repeat(10_000)])(
    'is not %.20s',
    async (amount) => {
      await expect(start(amount)).rejects.toMatchObject({
        status: expect.any(Number),
        details: { field: 'amount' },
      });
    },
  );

  it('has no limit of ours; what the channel cannot carry is said with another way to pay', async () => {
    await expect(start('90071992547409.92')).rejects.toMatchObject({
      code: 'amount-too-large',
      details: { remedy: 'Split the top-up, or pay by bank transfer.' },
    });
  });
});

describe('an idempotency key', () => {
  it('makes one order of twenty clicks at the same time', async () => {
    const request = asked();
    const orders = await Promise.all(Array.from({ length: 20 }, () => payments.grpc.StartTopUp(request)));
    expect(new Set(orders.map(({ topUpId }) => topUpId)).size).toBe(1);
    const at = (await sandbox().orders()).filter(({ outTradeNo }) => outTradeNo === orders[0]?.topUpId);
    expect(at).toHaveLength(1);
  });

  it('stands for one request only, and for one customer only', async () => {
    const request = asked();
    const first = await payments.grpc.StartTopUp(request);
    await expect(payments.grpc.StartTopUp({ ...request, amount: '51' })).rejects.toMatchObject({
      code: 'different-request',
    });
    // The same amount in other words is the same request.
    expect((await payments.grpc.StartTopUp({ ...request, amount: '50.00' })).topUpId).toBe(first.topUpId);
    const other = await payments.grpc.StartTopUp({ ...request, customerId: aCustomer() });
    expect(other.topUpId).not.toBe(first.topUpId);
  });

  it('is needed', async () => {
    await expect(payments.grpc.StartTopUp(asked('50', { idempotencyKey: '' }))).rejects.toMatchObject({
      code: 'missing-idempotency-key',
    });
  });
});

describe('reading top-ups', () => {
  it('shows a customer’s own, newest first, page by page', async () => {
    const customerId = aCustomer();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.unshift((await payments.grpc.StartTopUp({ ...asked(), customerId })).topUpId);
    }
    const first = await payments.grpc.ListTopUps({ customerId, pageSize: 3, cursor: '' });
    const second = await payments.grpc.ListTopUps({ customerId, pageSize: 3, cursor: first.nextCursor });
    expect([...first.topUps, ...second.topUps].map(({ topUpId }) => topUpId)).toEqual(ids);
    expect(second.nextCursor).toBe('');
  });

  it('does not show another customer’s, nor what cannot be an order at all', async () => {
    const order = await start();
    for (const id of [order.topUpId, 'top_none', '', 'a\u0000b', '%00', 'x'.repeat(100_000)]) {
      await expect(get(aCustomer(), id)).rejects.toMatchObject({ code: 'unknown-top-up', status: 404 });
      const refund = payments.grpc.GetRefund({ customerId: aCustomer(), refundId: id });
      await expect(refund).rejects.toMatchObject({ code: 'unknown-refund', status: 404 });
    }
  });
});

describe('top-ups over HTTP', () => {
  const call = async (path: string, { scope, ...init }: RequestInit & { scope?: string }) => {
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': 'http-1',
      ...(scope === undefined ? {} : { authorization: `Bearer ${await payments.token(scope)}` }),
    };
    const answer = await fetch(`${payments.url}${path}`, { ...init, headers });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const body = JSON.stringify({ customerId: 'cus_http', amount: '50', currency: 'CNY' });

  it('need a token with the scope', async () => {
    expect((await call('/v1/top-ups', { method: 'POST', body })).status).toBe(401);
    expect((await call('/v1/top-ups', { method: 'POST', body, scope: 'payments:read' })).status).toBe(403);
  });

  it('say the same as over gRPC', async () => {
    const made = await call('/v1/top-ups', { method: 'POST', body, scope: 'payments:write' });
    expect(made).toMatchObject({ status: 201, body: { status: 'pending', amount: '50', actionKind: 'qr' } });
    const id = String(made.body['topUpId']);
    expect((await call(`/v1/top-ups/${id}?customerId=cus_http`, { scope: 'payments:read' })).body).toEqual(
      made.body,
    );
    const list = await call('/v1/top-ups?customerId=cus_http', { scope: 'payments:read' });
    expect(list.body).toEqual({ topUps: [{ ...made.body, actionPicture: '' }], nextCursor: '' });
    expect(await payments.grpc.GetTopUp({ customerId: 'cus_http', topUpId: id })).toEqual(made.body);
  });

  it('refuse 0.99 as problem+json', async () => {
    const small = JSON.stringify({ customerId: 'cus_http', amount: '0.99', currency: 'CNY' });
    expect(await call('/v1/top-ups', { method: 'POST', body: small, scope: 'payments:write' })).toMatchObject(
      {
        status: 422,
        body: {
          code: 'amount-too-small',
          field: 'amount',
          remedy: expect.stringContaining('at least 1 CNY'),
        },
      },
    );
  });

  it('are described at /docs', async () => {
    const answer = await fetch(`${payments.url}/docs-json`);
    expect(Object.keys(((await answer.json()) as { paths: object }).paths)).toEqual(
      expect.arrayContaining([
        '/v1/top-ups',
        '/v1/top-ups/{topUpId}',
        '/v1/refunds',
        '/v1/refunds/{refundId}',
      ]),
    );
  });
});
