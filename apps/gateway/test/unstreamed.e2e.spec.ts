import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { get_encoding } from 'tiktoken';
import { answersWhole, price, RelayHarness } from './relay-harness.ts';

let harness: RelayHarness;
let client: OpenAI;
beforeAll(async () => {
  harness = new RelayHarness();
  await harness.start();
  client = new OpenAI({ apiKey: 'sk-any', baseURL: harness.baseUrl, maxRetries: 0 });
  const { prices } = harness.prices;
  const flat = { ...price('midjourney', {}), unitPrices: { image: '0.2' }, fallback: {}, limits: null };
  prices.set('midjourney', flat);
  prices.set('gpt-image-1', { ...price('gpt-image-1', { input: '35', output_image: '280' }), limits: null });
  prices.set('text-embedding-3-small', {
    ...price('text-embedding-3-small', { input: '0.14' }),
    limits: { contextTokens: 8_192, outputTokens: 1 },
  });
});
afterAll(() => harness.stop());
beforeEach(() => {
  harness.reset();
});

const theEnd = () => {
  expect(harness.journal.ends).toHaveLength(1);
  return harness.journal.ends[0]?.data;
};
const cl100k = get_encoding('cl100k_base');

describe('embeddings', () => {
  const vectors = (count: number, usage?: object) => ({
    object: 'list',
    data: Array.from({ length: count }, (_, index) => ({
      object: 'embedding',
      index,
      embedding: [0.5, -0.5],
    })),
    model: 'text-embedding-3-small',
    ...(usage === undefined ? {} : { usage }),
  });
  const request = (input: string | string[] | number[] | number[][]) => ({
    model: 'text-embedding-3-small',
    input,
    encoding_format: 'float' as const,
  });

  it('cost their input, which the answer shows', async () => {
    harness.script = answersWhole(vectors(2, { prompt_tokens: 1_000, total_tokens: 1_000 }));
    const answer = await client.embeddings.create(request(['one', 'two']));
    expect(answer.data).toHaveLength(2);
    expect(answer.usage).toEqual({
      ...{ prompt_tokens: 1_000, total_tokens: 1_000, cost: '0.00014' },
      ...{ cost_currency: 'CNY', price_version: 'prv_text-embedding-3-small' },
    });
    expect(theEnd()).toMatchObject({ endpoint: 'embeddings', stream: false, end: { charge: '0.00014' } });
  });

  it.each([
    ['a text', '用多少付多少', cl100k.encode_ordinary('用多少付多少').length],
    ['texts', ['hello', ' world'], 2],
    ['tokens', [1, 2, 3], 3],
    ['lists of tokens', [[1, 2, 3], [4]], 4],
  ])('S2: are counted where their usage is not reported: %s', async (_name, input, tokens) => {
    harness.script = answersWhole(vectors(1));
    await client.embeddings.create(request(input));
    expect(theEnd()?.end).toMatchObject({
      usage: { tokens: { input: tokens }, source: 'counted', estimated: false },
    });
  });

  it('hold for every text of a list, though each has a context of its own', async () => {
    harness.script = answersWhole(vectors(10, { prompt_tokens: 10, total_tokens: 10 }));
    await client.embeddings.create(request(Array.from({ length: 10 }, () => 'x'.repeat(8_000))));
    // 80,000 bytes at ¥0.14 per million.
    expect(harness.holds.placed[0]?.amount).toBe('0.0112');
  });

  it('are refused with what they need where the wallet has too little', async () => {
    harness.holds.available = '0.0000001';
    const error = await client.embeddings.create(request('hello world')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect((error as Error).message).toContain('only 0.0000001 CNY is available. Top up');
  });

  it('cost nothing where the provider gives none', async () => {
    harness.script = answersWhole(vectors(0));
    await client.embeddings.create(request('x'));
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'zero_completion' });
  });
});

describe('pictures', () => {
  const made = (...items: readonly object[]) => ({ created: 1_795_334_460, data: items });
  const picture = { url: 'https://pictures.example/1.png' };

  it('S14: are charged by the piece, as many as were delivered', async () => {
    harness.script = answersWhole(made(picture, { b64_json: 'AAAA' }, { url: '' }, { revised_prompt: 'x' }));
    const answer = await client.images.generate({ model: 'midjourney', prompt: 'A lantern.', n: 4 });
    expect(harness.holds.placed[0]?.amount).toBe('0.8');
    expect(answer.data).toHaveLength(4);
    expect(answer.usage).toMatchObject({ cost: '0.4', price_version: 'prv_midjourney' });
    expect(theEnd()?.end).toMatchObject({ usage: { tokens: {}, units: { image: 2 } }, charge: '0.4' });
  });

  it('S14: cost nothing where none was delivered', async () => {
    harness.script = answersWhole(made());
    await client.images.generate({ model: 'midjourney', prompt: 'A lantern.' });
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'zero_completion' });
  });

  it('with a price each cost that, whatever tokens their provider counts', async () => {
    const usage = { input_tokens: 50, output_tokens: 4_000, total_tokens: 4_050 };
    harness.script = answersWhole({ ...made(picture), usage });
    await client.images.generate({ model: 'midjourney', prompt: 'A lantern.' });
    expect(theEnd()?.end).toMatchObject({ usage: { units: { image: 1 } }, charge: '0.2' });
  });

  it('are charged by their tokens where the price is by tokens', async () => {
    const usage = {
      ...{ input_tokens: 50, output_tokens: 4_000, total_tokens: 4_050 },
      input_tokens_details: { image_tokens: 0, text_tokens: 50 },
    };
    harness.script = answersWhole({ ...made(picture), usage });
    await client.images.generate({ model: 'gpt-image-1', prompt: 'A lantern.' });
    // 50 × 35 and 4,000 × 280 per million.
    expect(theEnd()?.end).toMatchObject({
      usage: { tokens: { input: 50, output_image: 4_000 } },
      charge: '1.12175',
    });
    expect(Number(harness.holds.placed[0]?.amount)).toBeGreaterThan(1.12175);
  });

  it('by tokens without reported tokens wait for a person', async () => {
    harness.script = answersWhole(made(picture));
    await client.images.generate({ model: 'gpt-image-1', prompt: 'A lantern.' });
    expect(theEnd()?.end.kind).toBe('impossible');
  });
});

describe('what is not sold', () => {
  const picture = { type: 'image', source: { type: 'url', url: 'https://x.example/1.png' } };
  it.each([
    ['/responses', { input: 'x', background: true }, 'background'],
    ['/responses', { input: 'x', previous_response_id: 'resp_1' }, 'previous_response_id'],
    ['/responses', { input: 'x', conversation: 'conv_1' }, 'conversation'],
    ['/responses', { input: 'x', prompt: { id: 'pmpt_1' } }, 'prompt'],
    ['/responses', { input: 'x', store: true }, 'store'],
    ['/responses', { input: 'x', service_tier: 'priority' }, 'service_tier'],
    ['/responses', { input: 'x', tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    ['/responses', { input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0].type'],
    [
      '/responses',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] },
      'input[0].content[0].type',
    ],
    ['/completions', { prompt: Array.from({ length: 200 }, () => 'x') }, 'prompt'],
    ['/completions', { prompt: 'x', service_tier: 'flex' }, 'service_tier'],
    ['/embeddings', { input: [] }, 'input'],
    ['/images/generations', { prompt: 'x', stream: true }, 'stream'],
    ['/images/generations', { prompt: 'x', n: 11 }, 'n'],
  ])('%s refuses %j and names the field', async (path, body, param) => {
    const answer = await post(path, { model: 'gpt-5.5', ...body });
    expect(answer).toMatchObject({ status: 400, body: { error: { type: 'invalid_request_error', param } } });
    expect(harness.holds.placed).toEqual([]);
  });

  it.each([
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0].type'],
    [{ mcp_servers: [{ url: 'https://x.example' }] }, 'mcp_servers'],
    [{ max_tokens: undefined }, 'max_tokens'],
    [
      { messages: [{ role: 'user', content: [{ type: 'document', source: picture.source }] }] },
      'messages[0].content[0].type',
    ],
  ])('/messages refuses %j in Anthropic’s words', async (body, field) => {
    const asked = { model: 'gpt-5.5', max_tokens: 10, messages: [{ role: 'user', content: 'x' }], ...body };
    const answer = await post('/messages', asked);
    expect(answer).toMatchObject({
      status: 400,
      body: {
        type: 'error',
        error: { type: 'invalid_request_error', message: expect.stringContaining(field) },
      },
    });
  });

  const post = async (path: string, body: object) => {
    const answer = await fetch(`${harness.baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as object };
  };
});

describe('a response', () => {
  it('is never stored at the provider', async () => {
    harness.script = answersWhole({ object: 'response', status: 'completed', output: [], usage: null });
    await client.responses.create({ model: 'gpt-5.5', input: 'x' }).catch(() => undefined);
    expect(harness.upstreamRequests[0]?.body).toMatchObject({ store: false });
  });

  it('that its provider failed costs nothing', async () => {
    const error = { code: 'server_error', message: 'at 10.0.0.7' };
    harness.script = answersWhole({ object: 'response', status: 'failed', output: [], error });
    const failure: unknown = await client.responses
      .create({ model: 'gpt-5.5', input: 'x' })
      .catch((reason: unknown) => reason);
    expect(failure).toMatchObject({ status: 502, code: 'upstream_error' });
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'upstream_failed' });
  });
});
