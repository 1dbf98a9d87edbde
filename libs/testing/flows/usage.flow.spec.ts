import type { LedgerApi } from '@app/contracts';
import { Money } from '@app/money';
import { recompute } from '@app/rating';
import { closeGrpc } from '@app/transport';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { eventually } from '../src/eventually.ts';
import { type Customer, Customers } from './customers.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

const relayed = 90;
const reported = 60;

let platform: RunningPlatform;
let customers: Customers;
let ledger: Customers['ledger'];
let customer: Customer;
let other: Customer;

beforeAll(async () => {
  platform = await runningPlatform('usage', { ledger: { CHARGE_WAIT_SECONDS: '2', SWEEP_SECONDS: '1' } });
  customers = new Customers(platform);
  ({ ledger } = customers);
  // Too little for all of it: some of what internal services report finds the wallet empty.
  [customer, other] = [await customers.aCustomer({ paid: '6' }), await customers.aCustomer({ paid: '0' })];
  await relaySome(fc.sample(someCall, { numRuns: relayed, seed: 7 }));
  await reportSome(fc.sample(someReport, { numRuns: reported, seed: 8 }));
}, 240_000);
afterAll(async () => {
  closeGrpc(ledger);
  await platform.stop();
}, 60_000);

const someCall = fc.record({
  input: fc.integer({ min: 1, max: 5_000 }),
  output: fc.integer({ min: 1, max: 900 }),
  stream: fc.boolean(),
  fails: fc.constantFrom(false, false, false, true),
});

const someReport = fc.record({
  ageMs: fc.integer({ min: 60_000, max: 6 * 86_400_000 }),
  input: fc.integer({ min: 0, max: 200_000 }),
  cached: fc.integer({ min: 0, max: 100_000 }),
  output: fc.integer({ min: 0, max: 20_000 }),
  isBody: fc.boolean(),
});

type SomeCall = typeof someCall extends fc.Arbitrary<infer Value> ? Value : never;
type SomeReport = typeof someReport extends fc.Arbitrary<infer Value> ? Value : never;

/** Calls of the official client, ten at a time. */
async function relaySome(calls: readonly SomeCall[]): Promise<void> {
  for (let start = 0; start < calls.length; start += 10) {
    await Promise.allSettled(calls.slice(start, start + 10).map(relayOne));
  }
}

async function relayOne({ input, output, stream, fails }: SomeCall): Promise<void> {
  const manner = fails ? ' status=500' : '';
  const request = {
    model: 'gpt-5.5',
    max_completion_tokens: 1_000,
    messages: [{ role: 'user' as const, content: `usage=${String(input)}/${String(output)}${manner}` }],
  };
  const { completions } = customer.openai.chat;
  if (!stream) {
    await completions.create(request, { maxRetries: 0 });
    return;
  }
  const chunks = await completions.create({ ...request, stream: true }, { maxRetries: 0 });
  for await (const chunk of chunks) expect(chunk.object).toBe('chat.completion.chunk');
}

/** What internal services report, by counts or by a provider's body; one of it cannot be true. */
async function reportSome(reports: readonly SomeReport[]): Promise<void> {
  const events = reports.map(({ ageMs, input, cached, output, isBody }, index) => ({
    ...{ specversion: '1.0', type: 'haoli.UsageReported.v1', source: 'flow', subject: customer.customerId },
    ...{ id: `line-${String(index)}`, time: new Date(Date.now() - ageMs).toISOString() },
    data: isBody
      ? { model: 'gpt-5.5', usageFamily: 'openai-chat', rawUsage: bodyOf(input, cached, output) }
      : { model: 'gpt-5.5', tokens: { input, cached_input: cached, output } },
  }));
  const impossible = {
    ...events[0],
    id: 'impossible',
    data: { model: 'gpt-5.5', usageFamily: 'openai-chat', rawUsage: bodyOf(-5, 9, 1) },
  };
  const answer = await customers.ask('/api/metering/v1/usage-records', await customers.operator.bearer(), [
    ...events,
    impossible,
  ]);
  expect(answer.body).toMatchObject({ recorded: reported + 1, refused: 0 });
}

const bodyOf = (input: number, cached: number, output: number) => ({
  prompt_tokens: input + cached,
  completion_tokens: output,
  prompt_tokens_details: { cached_tokens: cached },
});

interface Line {
  readonly id: string;
  readonly outcome: string;
  readonly amount: { readonly value: string };
  readonly lines: readonly {
    readonly quantity: number;
    readonly unit_price: string;
    readonly per: '1000000' | '1';
  }[];
}

interface Page<Item> {
  readonly data: readonly Item[];
  readonly next_page: string | null;
}

async function pagesOf<Item>(path: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let page: string | null = ''; page !== null;) {
    const next: string = page === '' ? '' : `&page=${page}`;
    const { body } = await customers.ask(`${path}${next}`, customer.key);
    const { data, next_page } = body as unknown as Page<Item>;
    items.push(...data);
    page = next_page;
  }
  return items;
}

const allLines = () => pagesOf<Line>('/v1/usage/calls?limit=37');

const sumOf = (amounts: readonly string[]): string =>
  Money.sum(
    amounts.map((amount) => Money.of(amount, 'CNY')),
    'CNY',
  ).toText();

const since = () => new Date(Date.now() - 8 * 86_400_000).toISOString();

describe('a random workload', () => {
  it('comes to the same sum line by line, in every grouping, in CSV and in the ledger, to the last digit', async () => {
    const lines = await eventually(allLines, (found) => found.length === relayed + reported + 1);
    const sum = sumOf(lines.map(({ amount }) => amount.value));
    for (const group of ['model', 'api_key', 'endpoint', 'price_version', 'source', 'model,source,api_key']) {
      for (const width of ['1h', '1d', 'week', 'month']) {
        const path = `/v1/usage?start_time=${since()}&bucket_width=${width}&group_by=${group}&limit=100`;
        const buckets = await pagesOf<{ results: { amount: { value: string } }[] }>(path);
        const amounts = buckets.flatMap(({ results }) => results.map(({ amount }) => amount.value));
        expect([group, width, sumOf(amounts)]).toEqual([group, width, sum]);
      }
    }
    const csv = await (await customers.request('/v1/usage/calls.csv', customer.key)).text();
    const rows = parse<{ amount: string }>(csv, { columns: true });
    expect([rows.length, sumOf(rows.map(({ amount }) => amount))]).toEqual([lines.length, sum]);
    const debits = await eventually(debitsOfLedger, (found) => found.held === '0' && found.sum === sum);
    expect(debits).toMatchObject({ collected: '6', left: '0' });
  }, 120_000);

  it('gives each call a receipt that can be computed again, and names its entry and balances', async () => {
    const lines = await allLines();
    const charged = lines.filter(({ outcome }) => outcome === 'charged');
    for (const { id, amount } of [...charged.slice(0, 5), ...charged.slice(-5)]) {
      const { body } = await customers.ask(`/v1/usage/calls/${id}`, customer.key);
      expect(body).toMatchObject({ object: 'call.receipt', amount, entry: { event_id: `${id}:rated` } });
      const formula = (body['lines'] as Line['lines']).map(({ unit_price: unitPrice, ...line }) => ({
        ...line,
        unitPrice,
      }));
      expect(recompute(formula)).toBe(amount.value);
      const { before, after } = body['balance'] as Record<string, { paid: string; granted: string }>;
      const { postings } = body['entry'] as { postings: { debit: string; amount: string }[] };
      const taken = postings
        .filter(({ debit }) => debit.startsWith('wallet:'))
        .map((posting) => posting.amount);
      expect(sumOf([after?.paid ?? '', after?.granted ?? '', ...taken])).toBe(
        sumOf([before?.paid ?? '', before?.granted ?? '']),
      );
    }
    const failed = lines.find(({ outcome }) => outcome === 'uncharged');
    const quarantined = lines.find(({ outcome }) => outcome === 'quarantined');
    expect((await customers.ask(`/v1/usage/calls/${failed?.id ?? ''}`, customer.key)).body).toMatchObject({
      ...{ amount: { value: '0' }, entry: { event_id: `${failed?.id ?? ''}:uncharged`, postings: [] } },
    });
    expect(
      (await customers.ask(`/v1/usage/calls/${quarantined?.id ?? ''}`, customer.key)).body,
    ).toMatchObject({
      ...{ raw_usage: bodyOf(-5, 9, 1), reason: 'impossible-usage', entry: null, balance: null },
    });
  }, 60_000);

  it('is another customer’s alone: its calls are not there, its sums are empty', async () => {
    const [line] = await allLines();
    expect((await customers.ask(`/v1/usage/calls/${line?.id ?? ''}`, other.key)).status).toBe(404);
    expect((await customers.ask('/v1/usage/calls', other.key)).body['data']).toEqual([]);
    expect((await customers.ask('/v1/usage/calls', undefined)).status).toBe(401);
    const theirs = await other.openai.admin.organization.usage.costs({ start_time: secondsAgo(7) });
    expect(theirs.data.flatMap(({ results }) => results)).toEqual([]);
    expect(
      (await (await customers.request('/v1/usage/calls.csv', other.key)).text()).split('\r\n'),
    ).toHaveLength(2);
  });
});

const secondsAgo = (days: number): number => Math.floor(Date.now() / 1_000) - days * 86_400;

describe('OpenAI’s own client', () => {
  it('reads usage by its own names, page after page without a gap or an overlap', async () => {
    const { usage } = customer.openai.admin.organization;
    const question = { start_time: secondsAgo(7), bucket_width: '1d' as const, group_by: ['model' as const] };
    const whole = await usage.completions({ ...question, limit: 31 });
    const parts: (typeof whole)['data'] = [];
    for (let page: string | null | undefined = undefined; page !== null;) {
      const part: typeof whole = await usage.completions({
        ...question,
        limit: 2,
        ...(page ? { page } : {}),
      });
      parts.push(...part.data);
      page = part.next_page;
    }
    expect(parts.flatMap(({ results }) => results)).toEqual(whole.data.flatMap(({ results }) => results));
    expect(parts.map(({ start_time: start }) => start)).toEqual([
      ...new Set(parts.map(({ start_time: start }) => start)),
    ]);
    const [first] = whole.data.flatMap(({ results }) => results);
    expect(first).toMatchObject({
      object: 'organization.usage.completions.result',
      model: 'gpt-5.5',
      api_key_id: null,
    });
    expect(
      (await usage.embeddings({ start_time: secondsAgo(7) })).data.flatMap(({ results }) => results),
    ).toEqual([]);
    const costs = await usage.costs({ start_time: secondsAgo(7), limit: 180 });
    const shown = costs.data.flatMap(
      ({ results }) => results as { amount?: { value?: number; currency?: string } }[],
    );
    const sum = Number(sumOf((await allLines()).map(({ amount }) => amount.value)));
    expect(shown.reduce((total, { amount }) => total + (amount?.value ?? 0), 0)).toBeCloseTo(sum, 9);
    expect(shown[0]?.amount?.currency).toBe('cny');
  }, 60_000);

  it('is told in its own words what a question lacks', async () => {
    const answer = await customers.ask('/v1/organization/usage/completions', customer.key);
    expect(answer).toMatchObject({ status: 400, body: { error: { param: 'start_time' } } });
  });
});

describe('a chat program that asks the old billing pair', () => {
  it('shows what was used this month and what is left', async () => {
    const [start, end] = [new Date(Date.now() - 8 * 86_400_000), new Date(Date.now() + 2 * 86_400_000)].map(
      (date) => date.toISOString().slice(0, 10),
    );
    for (const base of ['/v1', '']) {
      const [usage, subscription] = await Promise.all([
        customers.ask(
          `${base}/dashboard/billing/usage?start_date=${start ?? ''}&end_date=${end ?? ''}`,
          customer.key,
        ),
        customers.ask(`${base}/dashboard/billing/subscription`, customer.key),
      ]);
      const used = Number(sumOf((await allLines()).map(({ amount }) => amount.value)));
      expect(usage.body['total_usage']).toBeCloseTo(used * 100, 6);
      expect(subscription.body).toMatchObject({ object: 'billing_subscription', access_until: 0 });
      expect(subscription.body['hard_limit_usd']).toBeCloseTo(used, 9);
    }
    const poor = await customers.ask('/dashboard/billing/usage', 'sk-wrong');
    expect(poor).toMatchObject({ status: 401, body: { error: { code: 'invalid_api_key' } } });
    expect(
      (await customers.ask('/v1/dashboard/billing/subscription', other.key)).body['hard_limit_usd'],
    ).toBe(0);
  }, 60_000);
});

describe('a customer who asks what a text would cost', () => {
  it('is told what the guide says, and what is wrong in OpenAI’s form', async () => {
    const request = { model: 'gpt-5.5', input: ['hello world', '你好，世界'], max_output_tokens: 1_000 };
    expect(await customers.ask('/v1/tokenize', other.key, request)).toMatchObject({
      status: 200,
      body: {
        input_tokens: 5,
        counts: [2, 3],
        estimated: false,
        cost: { value: '0.0150125', currency: 'CNY' },
      },
    });
    const wrong = await customers.ask('/v1/tokenize', other.key, { model: 'gpt-5.5' });
    expect(wrong).toMatchObject({ status: 400, body: { error: { param: 'input' } } });
    expect((await customers.ask('/v1/tokenize', undefined, request)).status).toBe(401);
  });
});

/** What the ledger took for calls, collected or not, and what it left in the wallet. */
async function debitsOfLedger() {
  const [charged, collected]: [string[], string[]] = [[], []];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: LedgerApi.ListEntriesResponse = await ledger.ListEntries({
      ...{ bookId: customer.customerId, pageSize: 200, cursor },
    });
    for (const { debit, credit, amount } of page.entries.flatMap(({ postings }) => postings)) {
      if (credit.startsWith('revenue:usage:')) charged.push(amount);
      if (debit.startsWith('wallet:')) collected.push(amount);
    }
    cursor = page.nextCursor === '' ? undefined : page.nextCursor;
  }
  const { paid, held } = await ledger.GetBalance({ customerId: customer.customerId, asOf: '' });
  return { sum: sumOf(charged), collected: sumOf(collected), left: paid, held };
}
