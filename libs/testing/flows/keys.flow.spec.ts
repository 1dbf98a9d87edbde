import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Money } from '@app/money';
import { closeGrpc } from '@app/transport';
import OpenAI from 'openai';
import { eventually } from '../src/eventually.ts';
import { type Customer, Customers, errorOf } from './customers.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

let platform: RunningPlatform;
let customers: Customers;

beforeAll(async () => {
  platform = await runningPlatform('keys', { gateway: { TRUSTED_PROXIES: '127.0.0.1' } });
  customers = new Customers(platform);
}, 180_000);
afterAll(async () => {
  closeGrpc(customers.ledger);
  await platform.stop();
}, 60_000);

const asking = (input: number, output: number, manner = '') => ({
  model: 'gpt-5.5',
  max_completion_tokens: 1_000,
  messages: [{ role: 'user' as const, content: `usage=${String(input)}/${String(output)} ${manner}` }],
});

/** Another key of the customer, and a client that uses it. */
async function aKey({ key }: Customer, wanted: object) {
  const { status, body } = await customers.ask('/v1/keys', key, wanted);
  expect(status).toBe(201);
  const text = String(body['key']);
  const openai = new OpenAI({ apiKey: text, baseURL: `${customers.gatewayUrl}/v1`, maxRetries: 0 });
  return { key: text, keyId: String(body['keyId']), openai };
}

describe('the budget of a key', () => {
  it.each(['total', 'daily', 'monthly'])(
    '(%s) holds for a hundred calls at once, with the wallet, to the last digit',
    async (window) => {
      const customer = await customers.aCustomer({ paid: '5' });
      // Each call costs 1,000 × 2.5 + 800 × 15 per million: 0.0145. Its hold is 0.015 and some input.
      const { openai } = await aKey(customer, { policy: { budgets: { [window]: '0.16' } } });
      const outcomes = await Promise.allSettled(
        Array.from({ length: 100 }, () => openai.chat.completions.create(asking(1_000, 800))),
      );
      const passed = outcomes.filter(({ status }) => status === 'fulfilled').length;
      expect(passed).toBeGreaterThanOrEqual(1);
      expect(Number(Money.of('0.0145', 'CNY').times(BigInt(passed)).toText())).toBeLessThanOrEqual(0.16);
      const refusal: unknown = outcomes.flatMap((one) =>
        one.status === 'rejected' ? [one.reason as unknown] : [],
      )[0];
      expect(refusal).toMatchObject({ status: 429, code: 'insufficient_quota' });
      expect((refusal as Error).message).toMatch(/the budget of this API key .* is 0\.16 CNY/);
      // What is used up on this key is not on another.
      await customer.openai.chat.completions.create(asking(1_000, 800));
      await eventually(
        () => customers.ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
        ({ paid, held }) =>
          held === '0' &&
          paid ===
            Money.of('5', 'CNY')
              .minus(Money.of('0.0145', 'CNY').times(BigInt(passed + 1)))
              .toText(),
      );
    },
    60_000,
  );

  it('is used to its end once what was held comes back', async () => {
    const customer = await customers.aCustomer({ paid: '5' });
    const { openai } = await aKey(customer, { policy: { budgets: { total: '0.05' } } });
    let passed = 0;
    for (;;) {
      const error = await errorOf(async () => openai.chat.completions.create(asking(1_000, 800)));
      if (error !== undefined) break;
      passed += 1;
      await eventually(
        () => customers.ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
        ({ held }) => held === '0',
      );
    }
    // 3 × 0.0145 = 0.0435; a fourth does not fit, nor does its hold.
    expect(passed).toBe(3);
  }, 60_000);
});

describe('the budget of a customer', () => {
  it('holds for all its keys together under calls at once, from the call after it was set', async () => {
    const customer = await customers.aCustomer({ paid: '5' });
    const keys = [await aKey(customer, {}), await aKey(customer, {})];
    const set = await platform.run('gateway/src/keys-cli', [
      ...['budget', '--customer', customer.customerId, '--budget-total', '0.16'],
    ]);
    expect(set).toMatchObject({ status: 0 });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const outcomes = await Promise.allSettled(
      keys
        .flatMap((key) => Array.from({ length: 30 }, () => key))
        .map(({ openai }) => openai.chat.completions.create(asking(1_000, 800))),
    );
    const passed = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(passed).toBeGreaterThanOrEqual(1);
    expect(passed).toBeLessThanOrEqual(11); // 11 × 0.0145 = 0.1595; a twelfth would be over it.
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused[0]).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect((refused[0] as Error).message).toMatch(/the budget of your account \(total\) is 0\.16 CNY/);
    // Without it both go on, for the wallet is full.
    const token = await customers.operator.bearer();
    const path = `/v1/admin/customers/${customer.customerId}`;
    expect((await customers.ask(path, token, { budgets: {} }, 'PATCH')).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await keys[1]?.openai.chat.completions.create(asking(1_000, 800));
  }, 60_000);
});

describe('an Idempotency-Key', () => {
  it('makes a call that is repeated one call, one answer and one charge', async () => {
    const customer = await customers.aCustomer({ paid: '5' });
    const ask = (content: string) =>
      fetch(`${customers.gatewayUrl}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${customer.key}`,
          'content-type': 'application/json',
          'idempotency-key': 'order-17',
        },
        body: JSON.stringify({ ...asking(1_000, 800), messages: [{ role: 'user', content }] }),
      });
    const first = await ask('usage=1000/800');
    const again = await ask('usage=1000/800');
    expect([first.status, again.status]).toEqual([200, 200]);
    expect([first, again].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
    expect(again.headers.get('x-call-id')).toBe(first.headers.get('x-call-id'));
    expect(await again.json()).toEqual(await first.json());
    expect((await ask('usage=1000/801')).status).toBe(409);
    await eventually(
      () => customers.ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
      ({ paid, held }) => held === '0' && paid === '4.9855', // 5 − 0.0145, once.
    );
  }, 60_000);
});

describe('the limits of a key', () => {
  it('hold at the door: models, scopes, addresses behind a proxy, rates', async () => {
    const customer = await customers.aCustomer({ paid: '1' });
    const one = await aKey(customer, {
      policy: { scopes: ['models'], models: ['gpt-4'], addresses: ['203.0.113.0/24'], requestsPerMinute: 5 },
    });
    const from = (address: string, path = '/v1/models') =>
      fetch(`${customers.gatewayUrl}${path}`, {
        headers: { authorization: `Bearer ${one.key}`, 'x-forwarded-for': address },
      });
    expect((await from('203.0.113.9')).status).toBe(200);
    expect((await from('198.51.100.1')).status).toBe(401);
    // Whatever a client writes into the header, the proxy's own entry is the last.
    expect((await from('203.0.113.9, 198.51.100.1')).status).toBe(401);
    expect((await from('203.0.113.9', '/v1/balance')).status).toBe(403);
    expect(await (await from('203.0.113.9')).json()).toMatchObject({ data: [] });
  });

  it('are changed and told by the command, and hold within a second', async () => {
    const customer = await customers.aCustomer({ paid: '1' });
    const made = await platform.run('gateway/src/keys-cli', [
      ...['create', '--customer', customer.customerId, '--name', 'ci', '--rpm', '1000', '--model', 'gpt-5.5'],
    ]);
    expect(made).toMatchObject({ status: 0 });
    const { key, keyId } = JSON.parse(made.output) as { key: string; keyId: string };
    const openai = new OpenAI({ apiKey: key, baseURL: `${customers.gatewayUrl}/v1`, maxRetries: 0 });
    await openai.chat.completions.create(asking(10, 10));
    const changed = await platform.run('gateway/src/keys-cli', [
      ...['change', keyId, '--customer', customer.customerId, '--model', 'gpt-4'],
    ]);
    expect(JSON.parse(changed.output)).toMatchObject({ name: 'ci', policy: { models: ['gpt-4'] } });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(
      await errorOf(() => openai.chat.completions.create(asking(10, 10)) as Promise<unknown>),
    ).toMatchObject({
      status: 403,
    });
    expect((await platform.run('gateway/src/keys-cli', ['--help'])).output).toContain('--budget-daily');
    expect((await platform.run('gateway/src/keys-cli', ['destroy'])).status).toBe(2);
  });
});

describe('a customer’s own keys', () => {
  it('are shown once, listed without themselves, and revoked', async () => {
    const customer = await customers.aCustomer({ paid: '0' });
    const { key, keyId } = await aKey(customer, { name: 'mine' });
    const { body } = await customers.ask('/v1/keys', customer.key);
    expect(JSON.stringify(body)).not.toContain(key.slice(10));
    expect(body['keys']).toEqual(
      expect.arrayContaining([expect.objectContaining({ keyId, name: 'mine', lastFour: key.slice(-4) })]),
    );
    expect(await customers.ask(`/v1/keys/${keyId}/revoke`, customer.key, {})).toMatchObject({
      body: { status: 'revoked' },
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await customers.ask('/v1/models', key)).status).toBe(401);
  });

  it('cannot be made to do more than the key that makes them, nor reached by another customer', async () => {
    const customer = await customers.aCustomer({ paid: '0' });
    const held = await aKey(customer, { policy: { budgets: { total: '1' } } });
    expect((await customers.ask('/v1/keys', held.key, {})).body).toMatchObject({
      error: { code: 'restricted_key' },
    });
    const narrow = await aKey(customer, { policy: { scopes: ['keys', 'read'] } });
    expect((await customers.ask('/v1/keys', narrow.key, {})).status).toBe(403);
    expect((await customers.ask('/v1/keys', narrow.key, { policy: { scopes: ['read'] } })).status).toBe(201);
    const other = await customers.aCustomer({ paid: '0' });
    expect((await customers.ask(`/v1/keys/${held.keyId}/revoke`, other.key, {})).status).toBe(404);
    expect((await customers.ask(`/v1/keys/${held.keyId}`, other.key, { name: 'x' }, 'PATCH')).status).toBe(
      404,
    );
  });
});

describe('a whole answer whose key is revoked while the provider is at work', () => {
  it('is let through and charged in full, and is the last of its key', async () => {
    const customer = await customers.aCustomer({ paid: '1' });
    const { openai, keyId } = await aKey(customer, {});
    const answering = openai.chat.completions.create(asking(100, 50, 'ponder'));
    await eventually(
      () => customers.ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
      ({ held }) => held !== '0',
    );
    await customers.ask(`/v1/keys/${keyId}/revoke`, customer.key, {});
    const { usage } = await answering;
    // 2.5 and 15 per million.
    expect(usage).toMatchObject({ prompt_tokens: 100, completion_tokens: 50, cost: '0.001' });
    await expect(openai.chat.completions.create(asking(100, 50))).rejects.toMatchObject({ status: 401 });
    await eventually(
      () => customers.ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
      ({ paid, held }) => held === '0' && paid === '0.999',
    );
  });
});

describe('a stream whose key is revoked', () => {
  it('is cut within seconds, and exactly what came is charged', async () => {
    const customer = await customers.aCustomer({ paid: '1' });
    const { openai, keyId } = await aKey(customer, {});
    const request = asking(100, 100, 'crawl');
    const stream = await openai.chat.completions.create({ ...request, stream: true });
    let came = '';
    const reading = errorOf(async () => {
      for await (const chunk of stream) came += chunk.choices[0]?.delta.content ?? '';
    });
    await eventually(() => came);
    await customers.ask(`/v1/keys/${keyId}/revoke`, customer.key, {});
    // Not cut, it would end well after nine seconds.
    expect(await reading).toBeInstanceOf(OpenAI.APIError);
    const { body } = await eventually(
      () => customers.ask('/v1/usage/calls', customer.key),
      (answer) => (answer.body['data'] as unknown[]).length === 1,
    );
    const [line] = body['data'] as { lines: readonly { kind: string; quantity: number }[] }[];
    const count = async (texts: object) =>
      Number(
        (await customers.ask('/v1/tokenize', customer.key, { model: 'gpt-5.5', ...texts })).body[
          'input_tokens'
        ],
      );
    const [input, output] = [await count({ messages: request.messages }), await count({ input: came })];
    expect(output).toBeGreaterThan(0);
    expect(line).toMatchObject({ outcome: 'charged', usage_source: 'counted_partial' });
    expect(Object.fromEntries((line?.lines ?? []).map(({ kind, quantity }) => [kind, quantity]))).toEqual({
      input,
      output,
    });
    // 2.5 and 15 per million.
    const charge = Money.of('0.0000025', 'CNY')
      .times(BigInt(input))
      .plus(Money.of('0.000015', 'CNY').times(BigInt(output)));
    await eventually(
      () => customers.ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
      ({ paid, held }) => held === '0' && paid === Money.of('1', 'CNY').minus(charge).toText(),
    );
  });
});
