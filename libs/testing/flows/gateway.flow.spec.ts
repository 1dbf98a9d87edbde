import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { json } from 'node:stream/consumers';
import { Money } from '@app/money';
import { closeGrpc } from '@app/transport';
import OpenAI from 'openai';
import { eventually } from '../src/eventually.ts';
import { type Answer, type Customer, Customers, errorOf } from './customers.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

/** Everything that waits for a silent gateway, in seconds instead of minutes. */
const quick = {
  gateway: { CALL_DEADLINE_MS: '12000', HOLD_EXPIRY_MS: '3000', LEASE_RENEWAL_MS: '500' },
  ledger: { HOLD_EXPIRY_SECONDS: '3', SWEEP_SECONDS: '1' },
  // Prices of this flow change within seconds, and by how much one person likes.
  metering: {
    ...{ METERING_ABANDONED_INTERVAL_MS: '500', METERING_PRICE_LEAD_SECONDS: '3' },
    METERING_PRICE_CHANGE_PERCENT_MAX: '1000',
  },
};

let platform: RunningPlatform;
let customers: Customers;
let ledger: Customers['ledger'];
let operator: Customers['operator'];
const ask: Customers['ask'] = (...asked) => customers.ask(...asked);
const aCustomer: Customers['aCustomer'] = (...wanted) => customers.aCustomer(...wanted);

beforeAll(async () => {
  platform = await runningPlatform('gateway', quick);
  customers = new Customers(platform);
  ({ ledger, operator } = customers);
}, 180_000);
afterAll(async () => {
  closeGrpc(ledger);
  await platform.stop();
}, 60_000);

/** Says how long a body will be, and sends none of it: the answer comes all the same. */
async function announce(path: string, bytes: number, key: string): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': String(bytes),
  };
  const request = httpRequest(`${customers.gatewayUrl}${path}`, { method: 'POST', headers });
  request.flushHeaders();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const body = (await json(answer)) as Record<string, unknown>;
  request.destroy();
  return { status: answer.statusCode ?? 0, body, requestId: String(answer.headers['x-request-id']) };
}

async function answerOf(answer: Response): Promise<Answer> {
  const body = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, body, requestId: answer.headers.get('x-request-id') };
}

const asking = (input: number, output: number, manner = '') => ({
  model: 'gpt-5.5',
  max_completion_tokens: 1_000,
  messages: [{ role: 'user' as const, content: `usage=${String(input)}/${String(output)} ${manner}` }],
});

const costOf = (usage: unknown): string => String((usage as { readonly cost?: string } | undefined)?.cost);

/** One call, streamed or not, and the charge that its answer shows. */
async function call({ openai }: Customer, at: number): Promise<string> {
  const request = asking(100 + 7 * at, 10 + at);
  if (at % 2 === 0) return costOf((await openai.chat.completions.create(request)).usage);
  const stream = await openai.chat.completions.create({
    ...request,
    stream: true,
    stream_options: { include_usage: true },
  });
  let usage: unknown;
  for await (const chunk of stream) usage = chunk.usage ?? usage;
  return costOf(usage);
}

const sumOf = (amounts: readonly string[]): string =>
  Money.sum(
    amounts.map((amount) => Money.of(amount, 'CNY')),
    'CNY',
  ).toText();

describe('the charge of a call', () => {
  it('is the same in the answer, on the usage line, on the usage page and in the ledger, streamed or not', async () => {
    const customer = await aCustomer({ paid: '5' });
    const calls = 60;
    const shown: string[] = [];
    for (let at = 0; at < calls; at += 10) {
      shown.push(...(await Promise.all(Array.from({ length: 10 }, (_, next) => call(customer, at + next)))));
    }
    const lines = await eventually(
      () => ask('/v1/usage/calls?limit=500', customer.key),
      ({ body }) => (body['data'] as unknown[]).length === calls,
    );
    const data = lines.body['data'] as { amount: { value: string }; outcome: string }[];
    expect(data.map(({ amount }) => amount.value).sort()).toEqual([...shown].sort());
    const page = await ask('/v1/usage', customer.key);
    const buckets = page.body['data'] as { results: { amount: { value: string } }[] }[];
    expect(buckets.flatMap(({ results }) => results.map(({ amount }) => amount.value))).toEqual([
      sumOf(shown),
    ]);
    const { paid, held } = await eventually(
      () => ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
      (balance) => balance.held === '0',
    );
    expect([
      Money.of('5', 'CNY')
        .minus(Money.of(sumOf(shown), 'CNY'))
        .toText(),
      '0',
    ]).toEqual([paid, held]);
    const { entries } = await ledger.ListEntries({ bookId: customer.customerId, pageSize: 500, cursor: '' });
    const settled = entries.filter(({ kind }) => kind === 'settle').flatMap(({ postings }) => postings);
    expect(settled.map(({ amount }) => amount).sort()).toEqual([...shown].sort());
  }, 60_000);

  it('never takes a wallet below zero: forty calls at once on money for five holds', async () => {
    const customer = await aCustomer({ paid: '1' });
    // Each may cost 1,000 × 15 ÷ 10⁶ and some input; with 12,000 tokens of output allowed, five fit into ¥1.
    const request = { ...asking(1_000, 800), max_completion_tokens: 12_000 };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, () => customer.openai.chat.completions.create(request, { maxRetries: 0 })),
    );
    const passed = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(passed).toBeGreaterThanOrEqual(5);
    const refusals = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(OpenAI.RateLimitError);
    const balance = await eventually(
      () => ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
      ({ held }) => held === '0',
    );
    const spent = Money.of('0.0145', 'CNY').times(BigInt(passed));
    expect(balance.paid).toBe(Money.of('1', 'CNY').minus(spent).toText());
  }, 60_000);
});

describe('a call that used more than there is', () => {
  it('costs the same in the answer, on the usage line and in the ledger, which could not collect all of it', async () => {
    const customer = await aCustomer({ paid: '1' });
    // 300,000 × 2.5 and 30,000 × 15 per million, where little more than 1,000 × 15 was held.
    const { usage } = await customer.openai.chat.completions.create(asking(300_000, 30_000));
    const { paid } = await eventually(
      () => ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
      ({ held }) => held === '0',
    );
    const { body } = await ask('/v1/usage/calls', customer.key);
    const { entries } = await ledger.ListEntries({ bookId: customer.customerId, pageSize: 500, cursor: '' });
    const postings = entries.filter(({ kind }) => kind === 'settle').flatMap((entry) => entry.postings);
    const creditedTo = (account: string) => postings.find(({ credit }) => credit === account)?.amount;
    expect(costOf(usage)).toBe('1.2');
    expect(body['data']).toMatchObject([{ outcome: 'charged', amount: { value: '1.2' } }]);
    expect(creditedTo('revenue:usage:paid')).toBe('1');
    expect(creditedTo('revenue:usage:uncollected')).toBe('0.2');
    expect([postings.length, paid]).toEqual([2, '0']);
  }, 60_000);
});

describe('a price change', () => {
  it('charges each call at the price of its admission, a stream that outlives its price too', async () => {
    const customer = await aCustomer({ paid: '5' });
    await publish({ input: '1', output: '10' }, 4_000);
    const request = (manner = '') => ({ ...asking(1_000, 100, manner), model: 'flow-model' });
    await eventually(
      () => ask('/v1/models', customer.key),
      ({ body }) => JSON.stringify(body).includes('flow-model'),
    );
    const before = await customer.openai.chat.completions.create(request());
    const stream = await customer.openai.chat.completions.create({
      ...request('crawl'),
      stream: true,
      stream_options: { include_usage: true },
    });
    // The new price begins while the stream is under way.
    const beginsAt = await publish({ input: '2', output: '20' }, 4_000);
    let usage: unknown;
    for await (const chunk of stream) usage = chunk.usage ?? usage;
    expect(Date.now()).toBeGreaterThan(beginsAt + 1_000);
    const after = await customer.openai.chat.completions.create(request());
    expect([before.usage, usage, after.usage].map(costOf)).toEqual(['0.002', '0.002', '0.004']);
    await eventually(
      () => ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
      ({ paid }) => paid === '4.992',
    );
  }, 60_000);

  /** Publishes a price that begins in so many milliseconds, and gives the moment. */
  async function publish(rates: object, inMs: number): Promise<number> {
    const token = await operator.bearer();
    const beginsAt = Date.now() + inMs;
    const path = '/api/metering/v1/rate-cards/standard/price-versions';
    const effectiveFrom = new Date(beginsAt).toISOString();
    const body = { model: 'flow-model', currency: 'CNY', effectiveFrom, rates };
    expect(await ask(path, token, body)).toMatchObject({ status: 201 });
    return beginsAt;
  }
});

describe('errors', () => {
  it('are OpenAI’s, by class, code and request id', async () => {
    const poor = await aCustomer({ paid: '0' });
    const { openai } = poor;
    const cases: readonly [() => Promise<unknown>, unknown, string | null][] = [
      [() => openai.chat.completions.create(asking(1, 1)), OpenAI.RateLimitError, 'insufficient_quota'],
      [
        () => openai.chat.completions.create({ ...asking(1, 1), model: 'gpt-4-32k' }),
        OpenAI.NotFoundError,
        'model_not_found',
      ],
      [() => openai.chat.completions.create({ ...asking(1, 1), n: 99 }), OpenAI.BadRequestError, null],
      [() => openai.models.retrieve('nope'), OpenAI.NotFoundError, 'model_not_found'],
      [
        () => new OpenAI({ apiKey: 'sk-wrong', baseURL: `${customers.gatewayUrl}/v1` }).models.list(),
        OpenAI.AuthenticationError,
        'invalid_api_key',
      ],
      [() => openai.get('/no-such-thing'), OpenAI.NotFoundError, 'unknown_url'],
    ];
    for (const [work, errorClass, code] of cases) {
      const error = await errorOf(work);
      expect(error).toBeInstanceOf(errorClass);
      expect(error).toMatchObject({ code, requestID: expect.any(String) });
    }
  }, 60_000);

  it.each([
    [
      '/v1/chat/completions',
      (_type: string, code: string | null) => ({
        error: { message: expect.any(String), type: 'invalid_request_error', param: null, code },
      }),
    ],
    ['/v1/messages', (type: string) => ({ type: 'error', error: { type, message: expect.any(String) } })],
  ])('of the framework itself have the form of %s', async (path, formOf) => {
    const { key } = await aCustomer({ paid: '0' });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'text/csv' };
    const csv = await fetch(`${customers.gatewayUrl}${path}`, { method: 'POST', headers, body: 'a,b' });
    const invalid = formOf('invalid_request_error', null);
    const unknown = formOf('not_found_error', 'unknown_url');
    const cases: readonly [Answer, number, object][] = [
      [await ask(path, key, '{"model":'), 400, invalid],
      [await ask(path, key, '{"__proto__":{"a":1},"model":"m"}'), 400, invalid],
      [await ask(`${path}/nothing`, key, {}), 404, unknown],
      [await ask(`${path}/:(`, key, {}), 404, unknown],
      [await ask(path, key, undefined, 'GET'), 405, formOf('invalid_request_error', 'method_not_allowed')],
      [await announce(path, 33 * 1_024 * 1_024, key), 413, formOf('request_too_large', null)],
      [await answerOf(csv), 415, invalid],
    ];
    expect((await customers.request(path, key)).headers.get('allow')).toBe('POST');
    for (const [{ status, body, requestId }, expected, form] of cases) {
      expect({ status, body }).toEqual({ status: expected, body: form });
      expect(requestId).toMatch(/^[\x21-\x7e]+$/);
    }
  });

  it('of a provider cost nothing and are cleaned', async () => {
    const customer = await aCustomer({ paid: '1' });
    const request = { ...asking(1, 1), messages: [{ role: 'user' as const, content: 'status=400' }] };
    const error = await errorOf(() => customer.openai.chat.completions.create(request));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect((error as Error).message).not.toMatch(/provider\.internal|sk-upstream/);
    await eventually(
      () => ask('/v1/balance', customer.key),
      ({ body }) => body['held'] === '0' && body['available'] === '1',
    );
    const { body } = await ask('/v1/usage/calls', customer.key);
    expect(body['data']).toMatchObject([
      { outcome: 'uncharged', reason: 'upstream_rejected', amount: { value: '0' } },
    ]);
  }, 60_000);
});

describe('the door', () => {
  /** What comes back for bytes that are written as they are. */
  const raw = (lines: readonly string[]) =>
    new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(customers.gatewayUrl);
      const socket = connect(Number(port), hostname, () => socket.write(lines.join('\r\n')));
      let text = '';
      socket.on('data', (piece) => (text += piece.toString()));
      socket.on('close', () => {
        resolve(text);
      });
      socket.on('error', reject);
      setTimeout(() => socket.destroy(), 2_000).unref();
    });
  const head = 'POST /v1/chat/completions HTTP/1.1';

  it('says in OpenAI’s form that the headers are too long', async () => {
    const answer = await raw([head, 'Host: x', `X-Long: ${'a'.repeat(20_000)}`, '', '']);
    const [answerHead = '', body = ''] = answer.split('\r\n\r\n');
    expect(answerHead).toMatch(/^HTTP\/1\.1 431 [^]*\r\nx-request-id: \S+/);
    expect(JSON.parse(body)).toMatchObject({
      error: { type: 'invalid_request_error', param: null, code: null },
    });
  });

  it.each([
    ['two lengths of different kinds', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['two lengths', ['Content-Length: 4', 'Content-Length: 5'], 'abcde'],
    ['a space before the colon', ['Content-Length : 4'], 'abcd'],
    ['an encoding that hides another', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
    ['a length with a sign', ['Content-Length: +4'], 'abcd'],
    ['a length of two numbers', ['Content-Length: 4, 5'], 'abcd'],
    ['an encoding written in two ways', ['Transfer-Encoding: chunked', 'Transfer-Encoding: x'], '0\r\n\r\n'],
    ['a header that goes on in the next line', ['X-A: b', ' Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['a header without a name', [': 4'], 'abcd'],
    ['a chunk whose length is none', ['Transfer-Encoding: chunked'], 'zz\r\nabcd\r\n0\r\n\r\n'],
  ])('takes no request that two readers could read differently: %s', async (_name, lines, body) => {
    const answer = await raw([head, 'Host: x', 'Content-Type: application/json', ...lines, '', body]);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it('fetches nothing that a request names', async () => {
    const customer = await aCustomer({ paid: '1' });
    let fetched = 0;
    const trap = createServer((_request, response) => {
      fetched += 1;
      response.end();
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${String((trap.address() as AddressInfo).port)}/picture.png`;
    const content = [{ type: 'image_url' as const, image_url: { url } }];
    const request = {
      ...asking(1, 1),
      messages: [{ role: 'user' as const, content }],
      user: url,
      metadata: { url },
    };
    await errorOf(() => customer.openai.chat.completions.create(request, { maxRetries: 0 }));
    await errorOf(() =>
      customer.openai.responses.create({ model: 'gpt-5.5', input: url, max_output_tokens: 50 }),
    );
    trap.close();
    expect(fetched).toBe(0);
  });
});

describe('customers', () => {
  it('do not see each other: what is another’s is not there', async () => {
    const [mine, other] = [await aCustomer({ paid: '2' }), await aCustomer({ paid: '0' })];
    const { body } = await ask('/v1/top-ups', mine.key);
    const [topUpOfMine] = body['data'] as { id: string }[];
    expect(await ask(`/v1/top-ups/${String(topUpOfMine?.id)}`, mine.key)).toMatchObject({ status: 200 });
    expect(await ask(`/v1/top-ups/${String(topUpOfMine?.id)}`, other.key)).toMatchObject({ status: 404 });
    expect((await ask('/v1/top-ups', other.key)).body['data']).toEqual([]);
    const refund = await ask('/v1/refunds', mine.key, { amount: '1' });
    expect(refund.status).toBe(201);
    expect(await ask(`/v1/refunds/${String(refund.body['id'])}`, other.key)).toMatchObject({ status: 404 });
    expect((await ask(`/v1/usage/calls?api_key_id=${mine.keyId}`, other.key)).body['data']).toEqual([]);
  }, 60_000);

  it('are refused within a second when their key is revoked', async () => {
    const { customerId, key, keyId } = await aCustomer({ paid: '0' });
    expect((await ask('/v1/models', key)).status).toBe(200);
    await ask(`/v1/admin/customers/${customerId}/keys/${keyId}/revoke`, await operator.bearer(), {});
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await ask('/v1/models', key)).toMatchObject({
      status: 401,
      body: { error: { code: 'invalid_api_key' } },
    });
  });

  it('cannot reach operators’ routes, and their keys go to no other service', async () => {
    const { key } = await aCustomer({ paid: '0' });
    expect((await ask('/v1/admin/customers', key)).status).toBe(401);
    expect((await ask('/api/metering/v1/pricing', key)).status).toBe(401);
    expect((await ask('/api/metering/v1/pricing', undefined)).status).toBe(200);
    expect((await ask('/api/ledger/v1/trial-balance', undefined)).status).toBe(401);
  });
});

describe('a stream whose gateway is killed', () => {
  it('is cut off, costs nothing, freezes nothing for long, and the next gateway charges exactly', async () => {
    const customer = await aCustomer({ paid: '3' });
    const stream = await customer.openai.chat.completions.create({
      ...asking(500, 50, 'slow'),
      stream: true,
    });
    const reading = errorOf(async () => {
      for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk');
    });
    await platform.kill('gateway');
    expect(await reading).toBeDefined();
    expect(costOf((await customer.openai.chat.completions.create(asking(1_000, 100))).usage)).toBe('0.004');
    await eventually(
      () => ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
      ({ paid, held }) => paid === '2.996' && held === '0',
    );
    const { body } = await eventually(
      () => ask('/v1/usage/calls', customer.key),
      (answer) => (answer.body['data'] as unknown[]).length === 2,
    );
    expect(body['data']).toMatchObject([
      { outcome: 'charged' },
      { outcome: 'uncharged', amount: { value: '0' } },
    ]);
  }, 90_000);
});

describe('a ledger that is killed among calls', () => {
  it('costs some calls a 503 and no one a fen', async () => {
    // Nothing is settled until the ledger reads again, so the holds of all calls meanwhile must fit.
    const paidIn = '40';
    const customer = await aCustomer({ paid: paidIn });
    const charges: string[] = [];
    const refusals: unknown[] = [];
    let killed = false;
    const callers = Array.from({ length: 8 }, async () => {
      for (let count = 0; count < 6 || !killed; count += 1) {
        // Small holds: those that the killed ledger leaves open must not use up the wallet.
        const request = { ...asking(100, 10), max_completion_tokens: 100 };
        await customer.openai.chat.completions
          .create(request, { maxRetries: 0 })
          .then(({ usage }) => charges.push(costOf(usage)))
          .catch((error: unknown) => refusals.push(error));
      }
    });
    await platform.kill('ledger');
    killed = true;
    await Promise.all(callers);
    for (const refusal of refusals) expect(refusal).toMatchObject({ status: 503 });
    charges.push(await call(customer, 0));
    await eventually(
      () => ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
      ({ paid, held }) =>
        held === '0' &&
        paid ===
          Money.of(paidIn, 'CNY')
            .minus(Money.of(sumOf(charges), 'CNY'))
            .toText(),
    );
  }, 90_000);
});
