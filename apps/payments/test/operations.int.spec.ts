import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { newId } from '@app/persistence';
import { freshDatabase, testServers, topicPrefix } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProposedAction } from '../src/decisions/proposal.ts';
import { decided, finance, maker, checker, proposed } from './finance-people.ts';
import { eventually, type Payments, publishedEvent, startPayments, usualWay } from './payments-process.ts';
import { reservedRefund } from './reserved-refund.ts';
import { SandboxProcess } from './provider-sandbox.ts';

let payments: Payments;
let bank: SandboxProcess;

beforeAll(async () => {
  bank = await SandboxProcess.start('bank');
  payments = await startPayments(process.env, {
    KAFKA_BROKERS: testServers().kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix(),
    PAYMENTS_DATABASE_URL: await freshDatabase('payments'),
    PAYMENTS_RECONCILE_INTERVAL_MS: '200',
  });
}, 60_000);
afterAll(async () => {
  await bank.close();
  await payments.close();
});

const root = join(import.meta.dirname, '../../..');
const get = async (path: string) => (await payments.call(path, finance)).body;
const listed = async (path: string, name: string) => (await get(path))[name] as Record<string, unknown>[];
const wechat = () => payments.sandboxes['wechat-pay'];

const aCustomer = async (): Promise<string> => {
  const customerId = newId('cus');
  await payments.customerIs(customerId, 'active');
  await eventually(async () => {
    const rows = await payments.database.query('SELECT 1 FROM customer WHERE customer_id = $1', [customerId]);
    return rows[0];
  });
  return customerId;
};

const aTopUp = async (customerId: string, fault?: { name: string; value: number }) => {
  const order = { customerId, channel: 'wechat-pay', amount: '50', currency: 'CNY', ...usualWay };
  const { topUpId } = await payments.grpc.StartTopUp({ ...order, idempotencyKey: randomUUID() });
  if (fault) await wechat().fault(fault.name, { on: 'notification', value: fault.value });
  const { transactionId: providerReference = '' } = await wechat().pay(topUpId);
  return { topUpId, providerReference };
};

/** A transfer of ¥5,000 without a code, in suspense. */
const inSuspense = async (): Promise<string> => {
  const party = { partyName: '某人', partyAccount: '6217000000000001', memo: '货款' };
  await bank.ask('/__sandbox/transfer', { fen: 500_000, ...party });
  const { content } = await bank.ask('/statement?format=csv');
  const answer = await payments.call('/v1/banks/bank-spec/statements', finance, { content });
  expect(answer.body).toMatchObject({ lines: { suspense: 1 } });
  return String((await listed('/v1/suspense?limit=500', 'suspense')).at(-1)?.['suspenseId']);
};
const suspense = async (suspenseId: string) =>
  (await listed('/v1/suspense?limit=500', 'suspense')).find((one) => one['suspenseId'] === suspenseId);

/** An item of a refund that WeChat Pay could not pay. */
const anAbnormalItem = async () => {
  const customerId = await aCustomer();
  const { topUpId } = await aTopUp(customerId);
  const { refundId, itemId, number } = await reservedRefund(payments, customerId, [
    { topUpId, channel: 'wechat-pay', amount: '50' },
  ]);
  const status = async () =>
    (await payments.grpc.GetRefund({ customerId, refundId })).items[0]?.status ?? 'none';
  const until = (wanted: string) =>
    eventually(async () => ((await status()) === wanted ? wanted : undefined));
  await until('processing');
  await wechat().endRefund(number, 'abnormal');
  await until('abnormal');
  return { itemId, status };
};

/** An item of a refund that came by bank, which no machine pays back. */
const anItemForPeople = async () => {
  const customerId = await aCustomer();
  const topUpId = newId('top');
  const { refundId, itemId } = await reservedRefund(payments, customerId, [
    { topUpId, channel: 'bank-spec', amount: '50' },
  ]);
  await eventually(async () => {
    const waits = 'SELECT 1 FROM refund_item WHERE item_id = $1 AND check_at IS NULL';
    return (await payments.database.query(waits, [itemId]))[0];
  });
  const status = async () =>
    (await payments.grpc.GetRefund({ customerId, refundId })).items[0]?.status ?? 'none';
  return { itemId, topUpId, status };
};

/** The differences that the bill of this very day shows, by what the day was. */
const breaksOfTheDay = async (happens: () => Promise<void>) => {
  const beijing = 8 * 3_600_000;
  const now = payments.clock.now().getTime() + beijing;
  const day = new Date(now).toISOString().slice(0, 10);
  await happens();
  await payments.letPass(Math.ceil((Math.ceil(now / 86_400_000) * 86_400_000 + 11 * 3_600_000 - now) / 1000));
  return eventually(async () => {
    const { status, body } = await payments.call(`/v1/reconciliations/wechat-pay/${day}`, finance);
    return status === 200
      ? (body['breaks'] as { breakId: string; number: string; class: string }[])
      : undefined;
  });
};

/** What people decide, and how one sees that it was done. */
interface Case {
  readonly action: object;
  readonly subjectId: string;
  readonly isDone: () => Promise<boolean>;
}

const isResolved = (breakId: string) => async (): Promise<boolean> =>
  !(await listed('/v1/breaks?limit=500', 'breaks')).some((one) => one['breakId'] === breakId);

const aBreak = async (resolution: string, happens: () => Promise<string>): Promise<Case> => {
  let number = '';
  const breaks = await breaksOfTheDay(async () => {
    number = await happens();
  });
  const breakId = breaks.find((one) => one.number === number)?.breakId ?? '';
  return {
    action: { kind: 'resolve-break', breakId, resolution },
    subjectId: breakId,
    isDone: isResolved(breakId),
  };
};

const elsewhere = async (): Promise<string> => (await wechat().paidElsewhere(700)).outTradeNo;

const aQuestion = async (resolution: string, status: string): Promise<Case> => {
  const customerId = await aCustomer();
  const payment = await aTopUp(customerId, { name: 'wrongAmount', value: 250 });
  const { topUpId } = payment;
  return {
    action: { kind: 'resolve-payment', ...payment, resolution },
    subjectId: topUpId,
    isDone: async () => (await payments.grpc.GetTopUp({ customerId, topUpId })).status === status,
  };
};

/** Money that left our bank account with no payout of ours. */
const aDebit = async (partyName: string): Promise<string> => {
  const words = { partyName, partyAccount: '6217000000000001', memo: '转出' };
  await bank.ask('/__sandbox/transfer', { direction: 'debit', fen: 1_000, ...words });
  const { content } = await bank.ask('/statement?format=csv');
  await payments.call('/v1/banks/bank-spec/statements', finance, { content });
  return String((await listed('/v1/banks/bank-spec/open-lines', 'lines'))[0]?.['lineId']);
};

const isEnded = (lineId: string) => async (): Promise<boolean> =>
  !(await listed('/v1/banks/bank-spec/open-lines?limit=500', 'lines')).some(
    (one) => one['lineId'] === lineId,
  );

const cases: Readonly<Record<string, () => Promise<Case>>> = {
  'verify-company': async () => {
    const customerId = await aCustomer();
    const action = { kind: 'verify-company', customerId, name: '示例有限公司' };
    const isDone = async () => (await payments.grpc.GetBankDetails({ customerId })).verifiedName !== '';
    return { action, subjectId: customerId, isDone };
  },
  'assign-suspense': async () => {
    const [suspenseId, customerId] = [await inSuspense(), await aCustomer()];
    const parts = [{ customerId, amount: '5', currency: 'CNY' }];
    const isDone = async () => (await suspense(suspenseId))?.['assigned'] !== '0';
    return { action: { kind: 'assign-suspense', suspenseId, parts }, subjectId: suspenseId, isDone };
  },
  'return-suspense': async () => {
    const suspenseId = await inSuspense();
    const payee = { payeeName: '某人', payeeAccount: '6217000000000001' };
    const action = { kind: 'return-suspense', suspenseId, amount: '5', currency: 'CNY', ...payee };
    return {
      action,
      subjectId: suspenseId,
      isDone: async () => (await suspense(suspenseId))?.['returning'] !== '0',
    };
  },
  'pay-out-item': async () => {
    const { itemId, status } = await anAbnormalItem();
    const payee = { payeeName: '示例有限公司', payeeAccount: '6217000000000001' };
    const action = { kind: 'pay-out-item', itemId, bank: 'bank-spec', ...payee };
    return { action, subjectId: itemId, isDone: async () => (await status()) === 'manual_payout' };
  },
  'give-back-item': async () => {
    const { itemId, status } = await anItemForPeople();
    const action = { kind: 'give-back-item', itemId };
    return { action, subjectId: itemId, isDone: async () => (await status()) === 'failed' };
  },
  'explain-line': async () => {
    const lineId = await aDebit('示例银行');
    return { action: { kind: 'explain-line', lineId }, subjectId: lineId, isDone: isEnded(lineId) };
  },
  'book-forced-refund': async () => {
    const { topUpId } = await aTopUp(await aCustomer());
    const lineId = await aDebit('某人');
    const action = { kind: 'book-forced-refund', lineId, parts: [{ topUpId, amount: '10' }] };
    return { action, subjectId: lineId, isDone: isEnded(lineId) };
  },
  'book-suspense-left': async () => {
    const [suspenseId, lineId] = [await inSuspense(), await aDebit('某人')];
    const action = { kind: 'book-suspense-left', lineId, suspenseId };
    return { action, subjectId: lineId, isDone: isEnded(lineId) };
  },
  'resolve-payment credit': () => aQuestion('credit', 'succeeded'),
  'resolve-payment pay-back': () => aQuestion('pay-back', 'paid_back'),
  'resolve-break suspend': () => aBreak('suspend', elsewhere),
  'resolve-break explain': () => aBreak('explain', elsewhere),
  'resolve-break external-refund': () =>
    aBreak('external-refund', async () => {
      const { topUpId } = await aTopUp(await aCustomer());
      await publishedEvent(`${topUpId}:settled`);
      await wechat().refundInConsole(topUpId, 1_500);
      return topUpId;
    }),
  'resolve-break return-suspense': () =>
    aBreak('return-suspense', async () => {
      const { topUpId } = await aTopUp(await aCustomer(), { name: 'wrongAmount', value: 250 });
      await wechat().refundInConsole(topUpId, 5_250);
      return topUpId;
    }),
};

describe('what people move by hand', () => {
  it('is all that is tried below', () => {
    const all = ProposedAction.options.flatMap(({ shape }) => {
      const kind = shape.kind.value;
      return 'resolution' in shape ? shape.resolution.options.map((one) => `${kind} ${one}`) : [kind];
    });
    expect(Object.keys(cases).sort()).toEqual([...all].sort());
  });

  it.each(Object.keys(cases))(
    '%s: moves nothing by one person or rejected, is done once by two, and names them for ever',
    async (name) => {
      const { action, subjectId, isDone } = (await cases[name]?.()) ?? raise(name);
      const both = { scope: 'adjustments:request adjustments:approve', subject: 'solo' };
      const alone = await proposed(payments, action, both);
      expect((await alone('approved', both)).status).toBe(403);
      expect((await alone('approved', maker)).status).toBe(403);
      expect((await alone('approved', finance)).status).toBe(403);
      const body = { action, reason: 'without the scope' };
      for (const nobody of [checker, finance])
        expect((await payments.call('/v1/proposals', nobody, body)).status).toBe(403);
      expect((await alone('rejected')).status).toBe(200);
      expect((await alone('approved')).status).toBe(409);
      expect(await isDone()).toBe(false);

      expect(await decided(payments, action)).toMatchObject({ status: 200, body: { status: 'approved' } });
      expect(await eventually(async () => (await isDone()) || undefined)).toBe(true);
      const { kind } = action as { readonly kind: string };
      const deeds = (await listed(`/v1/audit?subjectId=${subjectId}`, 'deeds')).reverse();
      expect(deeds.map(({ actor, action: what }) => `${String(actor)}: ${String(what)}`)).toEqual([
        ...[`solo: propose ${kind}`, `chen: reject ${kind}`],
        ...[`mei: propose ${kind}`, `chen: approve ${kind}`],
      ]);
    },
    60_000,
  );

  it('gives an item back that was never sent, and tells the ledger once', async () => {
    const { itemId, topUpId } = await anItemForPeople();
    const action = { kind: 'give-back-item', itemId };
    expect(await decided(payments, action)).toMatchObject({ status: 200 });
    const told = await publishedEvent(`${itemId}:failed`);
    expect(told.data).toMatchObject({ itemId, topUpId, code: 'given-back-by-people' });
    expect(await decided(payments, action)).toMatchObject({ status: 409, body: { code: 'wrong-status' } });
  });

  it('gives no item back that its provider may still pay, or whose payout is planned', async () => {
    const { itemId, status } = await anAbnormalItem();
    const refusal = { status: 409, body: { code: 'wrong-status', field: 'itemId' } };
    expect(await decided(payments, { kind: 'give-back-item', itemId })).toMatchObject(refusal);
    expect(await status()).toBe('abnormal');
    const waiting = await anItemForPeople();
    const payee = { payeeName: '示例有限公司', payeeAccount: '6217000000000001' };
    const payOut = { kind: 'pay-out-item', itemId: waiting.itemId, bank: 'bank-spec', ...payee };
    expect(await decided(payments, payOut)).toMatchObject({ status: 200 });
    expect(await decided(payments, { kind: 'give-back-item', itemId: waiting.itemId })).toMatchObject(
      refusal,
    );
    expect(await waiting.status()).toBe('manual_payout');
    const nobodys = { kind: 'give-back-item', itemId: 'ref_none.1' };
    expect(await decided(payments, nobodys)).toMatchObject({ status: 404, body: { field: 'itemId' } });
  });

  it('comes in by no other door: what else can be sent is a customer’s wish, or a document that is kept with its sender', async () => {
    const { paths } = (await (await fetch(`${payments.url}/docs-json`)).json()) as { paths: Paths };
    const sending = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).flatMap((method) => (method === 'get' ? [] : [`${method} ${path}`])),
    );
    expect(sending.sort()).toEqual([
      'post /v1/admin/parked-messages/{id}/discard',
      'post /v1/admin/parked-messages/{id}/discard/decision',
      'post /v1/admin/parked-messages/{id}/drive',
      'post /v1/banks/{bank}/payout-files',
      'post /v1/banks/{bank}/statements',
      'post /v1/proposals',
      'post /v1/proposals/{proposalId}/decision',
      'post /v1/reconciliations/{channel}/{day}',
      'post /v1/refunds',
      'post /v1/top-ups',
    ]);
    const done = (await listed('/v1/audit?limit=500', 'deeds')).map((deed) => [
      deed['actor'],
      deed['action'],
    ]);
    expect(done).toContainEqual(['fiona', 'import-statement']);
    await payments.call('/v1/banks/bank-spec/payout-files', finance, {});
    await payments.call('/v1/reconciliations/wechat-pay/2020-01-01', finance, {});
    const [compared, filed] = await listed('/v1/audit?limit=2', 'deeds');
    expect(compared).toMatchObject({ actor: 'fiona', action: 'compare-day', subjectId: 'wechat-pay' });
    expect(filed).toMatchObject({ actor: 'fiona', action: 'make-payout-file' });
  });
});

type Paths = Readonly<Record<string, object>>;

function raise(name: string): never {
  throw new Error(`There is no case ${name}.`);
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const { load } = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };
const rules = (
  load(readFileSync(join(root, 'deploy/prometheus/payments.rules.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  }
).groups.flatMap((group) => group.rules);

describe('the alert', () => {
  it.each(rules)(
    '$alert looks at figures that payments tells, and a runbook says what to do',
    async (rule) => {
      const figures = await (await fetch(`${payments.url}/metrics`)).text();
      const names = rule.expr.replaceAll(/\{[^}]*\}/g, '').match(/\b[a-z]+(_[a-z]+){2,}\b/g) ?? [];
      expect(names).not.toEqual([]);
      for (const name of names)
        if (name !== 'histogram_quantile')
          expect(figures).toContain(`# TYPE ${name.replace(/_bucket$/, '')} `);
      expect(['warning', 'critical']).toContain(rule.labels.severity);
      expect(rule.annotations.summary).not.toBe('');
      expect(readFileSync(join(root, rule.annotations.runbook), 'utf8')).toContain(`\`${rule.alert}\``);
    },
  );

  it('is there for everything that payments tells and that waits for somebody', async () => {
    const figures = await (await fetch(`${payments.url}/metrics`)).text();
    const told = [...figures.matchAll(/^# TYPE (payments_\w+) gauge$/gm)].map(([, name]) => name ?? '');
    const watched = rules.map(({ expr }) => expr).join('\n');
    // How much lies in suspense is no alarm; how long it has, is.
    expect(told.filter((name) => !watched.includes(name))).toEqual(['payments_suspense_open']);
  });
});
