import { afterAll, describe, expect, it } from '@jest/globals';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Caller } from '../access/caller.ts';
import { noBudgets, unlimited } from '../access/key-policy.ts';
import { Clock } from '../clock.ts';
import { PriceList, type PublishedPrice } from '../prices/price-list.ts';
import { readCountRequest, readTokenizeRequest } from './tokenize-request.ts';
import { TokenizeHandler } from './tokenize.handler.ts';

const priceOf = (model: string, rates: PublishedPrice['rates']): PublishedPrice => ({
  ...{ id: 'prv_1', rateCardId: 'standard', model, currency: 'CNY', effectiveFrom: '2026-01-01T00:00:00Z' },
  ...{ rates, fallback: {}, unitPrices: {}, tiers: [], windows: [], limits: null },
});

class OnePrice extends PriceList {
  priceAt(_card: string, model: string): Promise<PublishedPrice | undefined> {
    if (model === 'gpt-4-32k') return Promise.resolve(undefined);
    const price = priceOf(model, { input: '2.5', output: '15' });
    return Promise.resolve(
      model === 'dall-e' ? { ...price, rates: {}, unitPrices: { image: '0.5' } } : price,
    );
  }
  pricesAt(): Promise<readonly PublishedPrice[]> {
    return Promise.resolve([]);
  }
}

class Noon extends Clock {
  now(): string {
    return '2026-11-22T12:00:00Z';
  }
}

const caller: Caller = {
  ...{
    customerId: 'cus_1',
    keyId: 'key_1',
    displayPrefix: 'sk-0000',
    currency: 'CNY',
    rateCardId: 'standard',
  },
  plan: { code: 'usd-credit', unit: 'credit' as const, creditsPer: { credits: '1', amount: '7.14' } },
  ...{ timeZone: 'Asia/Shanghai', policy: unlimited, customerBudgets: noBudgets, expiresAt: null },
};

const handler = new TokenizeHandler(new OnePrice(), new Noon());
afterAll(() => handler.onApplicationShutdown());

const tokenize = (body: object, who = caller) =>
  handler.handle(who, readTokenizeRequest({ model: 'gpt-4o', ...body }));

/** The request of OpenAI's own cookbook, whose count its API gave. */
const cookbook = [
  {
    role: 'system',
    content:
      'You are a helpful, pattern-following assistant that translates corporate jargon into plain English.',
  },
  { role: 'system', name: 'example_user', content: 'New synergies will help drive top-line growth.' },
  {
    role: 'system',
    name: 'example_assistant',
    content: 'Things working well together will increase revenue.',
  },
  {
    role: 'system',
    name: 'example_user',
    content:
      "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
  },
  {
    role: 'system',
    name: 'example_assistant',
    content: "Let's talk later when we're less busy about how to do better.",
  },
  {
    role: 'user',
    content: "This late pivot means we don't have time to boil the ocean for the client deliverable.",
  },
];

describe('tokenize', () => {
  it.each([
    ['gpt-4', 129],
    ['gpt-4o', 124],
  ])('counts a chat as OpenAI’s API does: %s %d', async (model, inputTokens) => {
    expect(await tokenize({ model, messages: cookbook })).toMatchObject({ inputTokens, estimated: false });
  });

  it('counts each text, and costs input and wanted output at today’s price', async () => {
    const counted = await tokenize({
      input: ['hello world', '你好，世界', '<|endoftext|>'],
      max_output_tokens: 1_000,
    });
    expect(counted.counts).toEqual([2, 3, 7]);
    expect(counted.charge.amount).toBe('0.01503'); // 12 × 2.5 ÷ 10⁶ + 1,000 × 15 ÷ 10⁶
  });

  it('counts a message as Anthropic’s clients ask, tools and instructions with it, and says that it estimates', async () => {
    const body = { model: 'claude-sonnet-5', messages: [{ role: 'user', content: 'hello world' }] };
    const count = async (more: object) => handler.handle(caller, readCountRequest({ ...body, ...more }));
    const plain = await count({});
    const full = await count({
      system: 'Answer in Chinese.',
      tools: [{ name: 'weather', description: 'Tells the weather.', input_schema: { type: 'object' } }],
    });
    expect([plain.estimated, full.estimated]).toEqual([true, true]);
    expect(plain.inputTokens).toBeGreaterThanOrEqual(3);
    expect(full.inputTokens).toBeGreaterThan(plain.inputTokens + 5);
    expect(() => readCountRequest({ model: 'claude-sonnet-5' })).toThrow('messages');
  });

  it('says that it estimates where no tokenizer is public', async () => {
    expect(await tokenize({ model: 'claude-sonnet-5', input: 'hello world' })).toMatchObject({
      ...{ estimated: true, counts: [3] },
    });
  });

  it.each([
    [{ model: 'gpt-4-32k', input: 'a' }, 404, null],
    [{ model: 'dall-e', input: 'a' }, 400, 'model'],
    [{}, 400, 'input'],
    [{ input: 'a', messages: cookbook }, 400, 'input'],
    [{ input: 'a'.repeat(1_048_577) }, 413, 'input'],
    [{ input: [1] }, 400, 'input'],
  ])('refuses %#', async (body, status, param) => {
    const refused = Promise.resolve().then(() => tokenize(body));
    await expect(refused).rejects.toMatchObject({
      details: { status, ...(param === null ? {} : { param }) },
    });
  });

  it('is closed to a key that may not use the model', async () => {
    const narrow = { ...caller, policy: { ...unlimited, models: ['gpt-4'] } };
    await expect(tokenize({ input: 'a' }, narrow)).rejects.toMatchObject({ details: { status: 403 } });
  });

  it('counts the longest hostile texts without holding up anybody, a few at once', async () => {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const begun = performance.now();
    const hostile = Array.from({ length: 4 }, () => tokenize({ input: 'a'.repeat(1_048_576) }));
    const outcomes = await Promise.allSettled(hostile);
    const took = performance.now() - begun;
    delay.disable();
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(outcomes.at(-1)).toMatchObject({
      reason: { details: { status: 429, code: 'rate_limit_exceeded' } },
    });
    // Counted here, the two would hold everybody up for half the time each.
    expect(delay.percentile(90) / 1e6).toBeLessThan(took / 8);
    expect(await tokenize({ input: 'after' })).toMatchObject({ inputTokens: 1 });
  });
});
