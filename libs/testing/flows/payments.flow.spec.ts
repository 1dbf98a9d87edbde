import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IdentityProvider, ServiceTokens } from '@app/transport';
import { eventually } from '../src/eventually.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

let platform: RunningPlatform;
let operator: ServiceTokens;

beforeAll(async () => {
  platform = await runningPlatform('payments', {
    payments: { WECHATPAY_REFUND_SPACING_MS: '0', PAYMENTS_RECONCILE_INTERVAL_MS: '300' },
  });
  operator = new ServiceTokens(new IdentityProvider(setting('OIDC_ISSUER')), {
    clientId: setting('OPERATOR_CLIENT_ID'),
    clientSecret: setting('OPERATOR_CLIENT_SECRET'),
  });
}, 180_000);
afterAll(async () => {
  await platform.stop();
}, 60_000);

const setting = (name: string): string => platform.environment[name] ?? '';

type Body = Readonly<Record<string, unknown>>;

async function ask(path: string, bearer: string, body?: object): Promise<Body> {
  const answer = await fetch(`${setting('GATEWAY_HTTP_URL')}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const told = (await answer.json()) as Body;
  if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${JSON.stringify(told)}`);
  return told;
}

/** A customer and its key, and nothing paid yet. */
async function aCustomer(): Promise<{ readonly customerId: string; readonly key: string }> {
  const token = await operator.bearer();
  const { customerId } = await ask('/v1/admin/customers', token, { name: 'Payments', plan: 'usd-credit' });
  const issued = await ask(`/v1/admin/customers/${String(customerId)}/keys`, token, {});
  return { customerId: String(customerId), key: String(issued['key']) };
}

const aKey = async (): Promise<string> => (await aCustomer()).key;

/** Somebody of finance, by the name of their client. */
const person = (name: 'FINANCE' | 'FINANCE_MAKER' | 'FINANCE_CHECKER'): Promise<string> =>
  new ServiceTokens(new IdentityProvider(setting('OIDC_ISSUER')), {
    clientId: setting(`${name}_CLIENT_ID`),
    clientSecret: setting(`${name}_CLIENT_SECRET`),
  }).bearer();

/** One person proposes, another approves. */
async function decided(action: object): Promise<void> {
  const path = '/api/payments/v1/proposals';
  const { proposalId, payloadSha256 } = await ask(path, await person('FINANCE_MAKER'), {
    action,
    reason: 'as the papers say',
  });
  const verdict = { verdict: 'approved', payloadSha256 };
  await ask(`${path}/${String(proposalId)}/decision`, await person('FINANCE_CHECKER'), verdict);
}

async function atSandbox(name: string, path: string, body: object): Promise<Body> {
  const answer = await fetch(`${setting(name)}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return (await answer.json()) as Body;
}

/** What server-sent events tell of a top-up until they end. */
async function statusesOf(topUpId: string, key: string): Promise<readonly unknown[]> {
  const answer = await fetch(`${setting('GATEWAY_HTTP_URL')}/v1/top-ups/${topUpId}/events`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  const lines = (await answer.text()).split('\n').filter((line) => line.startsWith('data: '));
  return lines.map((line) => (JSON.parse(line.slice('data: '.length)) as Body)['status']);
}

async function pay(sandbox: string, codeUrl: string): Promise<void> {
  const body = JSON.stringify({ codeUrl });
  const answer = await fetch(`${setting(sandbox)}/__sandbox/pay`, { method: 'POST', body });
  expect(answer.status).toBe(200);
}

describe.each([
  { channel: 'wechat-pay', method: 'qr', sandbox: 'WECHATPAY_SANDBOX_URL' },
  { channel: 'alipay', method: 'qr', sandbox: 'ALIPAY_SANDBOX_URL' },
  { channel: 'alipay', method: 'page', sandbox: 'ALIPAY_SANDBOX_URL' },
])('money by $channel ($method)', ({ channel, method, sandbox }) => {
  it('is paid, is in the balance, and goes back where it came from', async () => {
    const key = await aKey();
    const order = await ask('/v1/top-ups', key, { amount: '88.88', channel, method });
    const told = statusesOf(String(order['id']), key);
    await pay(sandbox, (order['action'] as { readonly value: string }).value);
    // The page that shows the code hears of it by itself, and then the line ends.
    expect(await told).toEqual(['pending', 'succeeded']);
    const balance = () => ask('/v1/balance', key);
    await eventually(balance, ({ paid }) => paid === '88.88');
    const settled = await ask(`/v1/top-ups/${String(order['id'])}`, key);
    expect(settled).toMatchObject({ status: 'succeeded', action: null, late: false, channel });

    const items = [{ channel, top_up_id: order['id'], amount: '88.88', how: 'automatic', not_before: null }];
    const quote = { object: 'refund_quote', total: '88.88', refusal_code: null, items };
    expect(await ask('/v1/refunds/quote', key)).toMatchObject(quote);
    expect(await ask('/v1/refunds/quote?amount=88.89', key)).toMatchObject({
      ...{ total: null, refusal_code: 'exceeds-refundable', refundable: '88.88', items: [] },
    });

    const asked = await ask('/v1/refunds', key, { close_out: true });
    const closed = await eventually(
      () => ask(`/v1/refunds/${String(asked['id'])}`, key),
      ({ closed_at: closedAt }) => closedAt !== null,
    );
    expect(closed).toMatchObject({ status: 'succeeded', paid: '88.88', given_back: '0' });
    expect(closed['items']).toMatchObject([{ channel, top_up_id: order['id'], status: 'succeeded' }]);
    expect(await balance()).toMatchObject({ paid: '0', available: '0' });
  });
});

describe('a hundred refunds at the same time', () => {
  it('pay back what there is, and never more', async () => {
    const key = await aKey();
    const order = await ask('/v1/top-ups', key, { amount: '88.88', channel: 'alipay' });
    await pay('ALIPAY_SANDBOX_URL', (order['action'] as { readonly value: string }).value);
    await eventually(
      () => ask('/v1/balance', key),
      ({ paid }) => paid === '88.88',
    );
    const wishes = Array.from({ length: 100 }, () => ask('/v1/refunds', key, { amount: '50' }));
    const asked = (await Promise.allSettled(wishes)).flatMap((one) =>
      one.status === 'fulfilled' ? [one.value] : [],
    );
    expect(asked).toHaveLength(100);
    const ended = await Promise.all(
      asked.map(({ id }) =>
        eventually(
          () => ask(`/v1/refunds/${String(id)}`, key),
          ({ status, closed_at: closedAt }) => status === 'refused' || closedAt !== null,
        ),
      ),
    );
    const counted = (wanted: string) => ended.filter(({ status }) => status === wanted).length;
    expect([counted('succeeded'), counted('refused')]).toEqual([1, 99]);
    expect(await ask('/v1/balance', key)).toMatchObject({ paid: '38.88', available: '38.88' });
    const refunds = await fetch(`${setting('ALIPAY_SANDBOX_URL')}/__sandbox/refunds`);
    const there = (await refunds.json()) as { refunds: { outTradeNo: string; refund: number }[] };
    expect(there.refunds.filter(({ outTradeNo }) => outTradeNo === order['id'])).toMatchObject([
      { refund: 5_000 },
    ]);
  }, 60_000);
});

describe('money by bank transfer', () => {
  const name = '示例科技有限公司';
  const banks = '/api/payments/v1/banks/bank-sandbox';
  /** The transfer arrives, and the statement that tells of it. */
  const transferred = async (fen: number, memo: string): Promise<Body> => {
    const transfer = { fen, partyName: name, partyAccount: '6217000000000001', memo };
    await atSandbox('BANK_SANDBOX_URL', '/__sandbox/transfer', transfer);
    return imported();
  };
  const imported = async (): Promise<Body> => {
    const { content } = await atSandbox('BANK_SANDBOX_URL', '/statement?format=camt.053.001.08', {});
    return ask(`${banks}/statements`, await person('FINANCE'), { content });
  };
  const paidIs = (key: string, amount: string) =>
    eventually(
      () => ask('/v1/balance', key),
      ({ paid }) => paid === amount,
    );

  it('with the remittance code and the verified name is in the balance, and goes back by a payout of two people', async () => {
    const { customerId, key } = await aCustomer();
    const { remittance_code: code } = await eventually(
      () => ask('/v1/bank-transfer', key),
      ({ remittance_code: given }) => given !== undefined,
    );
    await decided({ kind: 'verify-company', customerId, name });
    expect(await transferred(500_000, `充值 ${String(code)}`)).toMatchObject({ lines: { credited: 1 } });
    await paidIs(key, '5000');

    const asked = await ask('/v1/refunds', key, { close_out: true });
    const refund = () => ask(`/v1/refunds/${String(asked['id'])}`, key);
    const reserved = await eventually(refund, ({ items }) => (items as readonly unknown[]).length === 1);
    const [item] = reserved['items'] as readonly Body[];
    expect(item).toMatchObject({ channel: 'bank-sandbox', amount: '5000' });
    const payee = { payeeName: name, payeeAccount: '6217000000000001' };
    await decided({ kind: 'pay-out-item', itemId: item?.['id'], bank: 'bank-sandbox', ...payee });
    const { body: file } = await ask(`${banks}/payout-files`, await person('FINANCE'), {});
    const paidOut = await fetch(`${setting('BANK_SANDBOX_URL')}/payouts`, {
      method: 'POST',
      body: String(file),
    });
    expect(paidOut.status).toBe(200);
    // It left, but nobody has said so yet: the money stays set aside.
    expect(await refund()).toMatchObject({ closed_at: null });
    expect(await imported()).toMatchObject({ lines: { paid_out: 1 } });
    const closed = await eventually(refund, ({ closed_at: closedAt }) => closedAt !== null);
    expect(closed).toMatchObject({ status: 'succeeded', paid: '5000', given_back: '0' });
    expect(await ask('/v1/balance', key)).toMatchObject({ paid: '0', available: '0' });
  }, 60_000);

  it('that the bank takes back after most of it was refunded costs the wallet the rest, and is a shortfall beyond it', async () => {
    const shortfall = async (): Promise<number> => {
      const { lines } = await ask('/api/ledger/v1/trial-balance', await person('FINANCE'));
      const row = (lines as readonly Body[]).find(({ account }) => account === 'receivable:shortfall');
      return Number(row?.['debit'] ?? 0);
    };
    const { customerId, key } = await aCustomer();
    const { remittance_code: code } = await eventually(
      () => ask('/v1/bank-transfer', key),
      ({ remittance_code: given }) => given !== undefined,
    );
    await decided({ kind: 'verify-company', customerId, name });
    const partyAccount = '6217000000000077';
    const transfer = { fen: 600_000, partyName: name, partyAccount, memo: String(code) };
    const { reference } = await atSandbox('BANK_SANDBOX_URL', '/__sandbox/transfer', transfer);
    expect(await imported()).toMatchObject({ lines: { credited: 1 } });
    await paidIs(key, '6000');
    await ask('/v1/refunds', key, { amount: '4000' });
    await paidIs(key, '2000');

    const before = await shortfall();
    await atSandbox('BANK_SANDBOX_URL', '/__sandbox/reverse', { reference });
    expect(await imported()).toMatchObject({ lines: { unexplained: 1 } });
    const { lines } = await ask(`${banks}/open-lines`, await person('FINANCE'));
    const [line] = (lines as readonly Body[]).filter(({ status }) => status === 'unexplained');
    expect(line).toMatchObject({ amount: '6000', reason: 'reversal', customerId });
    const parts = [{ topUpId: line?.['subjectId'], amount: '6000' }];
    await decided({ kind: 'book-forced-refund', lineId: line?.['lineId'], parts });
    await paidIs(key, '0');
    expect((await shortfall()) - before).toBe(4_000);
  }, 60_000);

  it('without a code is nobody’s until two people say whose it is', async () => {
    const { customerId, key } = await aCustomer();
    await eventually(
      () => ask('/v1/bank-transfer', key),
      ({ remittance_code: given }) => given !== undefined,
    );
    expect(await transferred(77_700, '货款')).toMatchObject({ lines: { suspense: 1 } });
    const { suspense } = await ask('/api/payments/v1/suspense', await person('FINANCE'));
    const [found] = suspense as readonly Body[];
    expect(found).toMatchObject({ amount: '777', assigned: '0', reason: 'no-code' });
    expect(await ask('/v1/balance', key)).toMatchObject({ paid: '0' });
    const parts = [{ customerId, amount: '777', currency: 'CNY' }];
    await decided({ kind: 'assign-suspense', suspenseId: found?.['suspenseId'], parts });
    await paidIs(key, '777');
  }, 60_000);
});

describe.each([
  { channel: 'wechat-pay', sandbox: 'WECHATPAY_SANDBOX_URL' },
  { channel: 'alipay', sandbox: 'ALIPAY_SANDBOX_URL' },
])('the end of a day at $channel', ({ channel, sandbox }) => {
  const today = (): string => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);

  it('finds the ledger’s clearing account equal to the provider’s balance, fees, settlement and a forced refund included', async () => {
    const day = today();
    const key = await aKey();
    const order = await ask('/v1/top-ups', key, { amount: '200', channel });
    await pay(sandbox, (order['action'] as { readonly value: string }).value);
    await eventually(
      () => ask('/v1/balance', key),
      ({ paid }) => paid === '200',
    );
    await atSandbox(sandbox, '/__sandbox/console/refund', { outTradeNo: order['id'], fen: 5_000 });
    await atSandbox(sandbox, '/__sandbox/console/withdrawal', { fen: 10_000 });
    await atSandbox(sandbox, '/__sandbox/clock', { advanceSeconds: 2 * 24 * 3_600 });
    const path = `/api/payments/v1/reconciliations/${channel}/${day}`;
    const finance = await person('FINANCE');
    expect(await ask(path, finance, {})).toMatchObject({ status: 'open', openBreaks: 1 });
    const { breaks } = (await ask(path, finance)) as unknown as { breaks: readonly Body[] };
    expect(breaks).toMatchObject([{ class: 'unknown-refund', number: order['id'], theirs: '50' }]);
    await decided({ kind: 'resolve-break', breakId: breaks[0]?.['breakId'], resolution: 'external-refund' });
    await eventually(
      () => ask('/v1/balance', key),
      ({ paid }) => paid === '150',
    );
    const { fen } = (await (await fetch(`${setting(sandbox)}/__sandbox/console/balance`)).json()) as {
      fen: number;
    };
    const report = await eventually(
      () => ask(path, finance),
      ({ status }) => status === 'balanced',
    );
    expect(report['clearing']).toBe(String(fen / 100));
    expect((report['figures'] as Body)['closing']).toBe(report['clearing']);
  }, 60_000);
});
