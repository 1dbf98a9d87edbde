import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IdentityProvider, ServiceTokens } from '@app/transport';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

let platform: RunningPlatform;
let operator: ServiceTokens;

beforeAll(async () => {
  platform = await runningPlatform('payments', { payments: { WECHATPAY_REFUND_SPACING_MS: '0' } });
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

async function until(look: () => Promise<Body>, isSo: (body: Body) => boolean): Promise<Body> {
  for (let tries = 0; ; tries += 1) {
    const body = await look();
    if (isSo(body)) return body;
    if (tries > 300) throw new Error(`never so: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A customer's key, and nothing paid yet. */
async function aKey(): Promise<string> {
  const token = await operator.bearer();
  const { customerId } = await ask('/v1/admin/customers', token, { name: 'Payments', plan: 'usd-credit' });
  const issued = await ask(`/v1/admin/customers/${String(customerId)}/keys`, token, {});
  return String(issued['key']);
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
    await until(balance, ({ paid }) => paid === '88.88');
    const settled = await ask(`/v1/top-ups/${String(order['id'])}`, key);
    expect(settled).toMatchObject({ status: 'succeeded', action: null, late: false, channel });

    const items = [{ channel, top_up_id: order['id'], amount: '88.88', how: 'automatic', not_before: null }];
    const quote = { object: 'refund_quote', total: '88.88', refusal_code: null, items };
    expect(await ask('/v1/refunds/quote', key)).toMatchObject(quote);
    expect(await ask('/v1/refunds/quote?amount=88.89', key)).toMatchObject({
      ...{ total: null, refusal_code: 'exceeds-refundable', refundable: '88.88', items: [] },
    });

    const asked = await ask('/v1/refunds', key, { close_out: true });
    const closed = await until(
      () => ask(`/v1/refunds/${String(asked['id'])}`, key),
      ({ closed_at: closedAt }) => closedAt !== null,
    );
    expect(closed).toMatchObject({ status: 'succeeded', paid: '88.88', given_back: '0' });
    expect(closed['items']).toMatchObject([{ channel, top_up_id: order['id'], status: 'succeeded' }]);
    expect(await balance()).toMatchObject({ paid: '0', available: '0' });
  }, 30_000);
});
