import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { get_encoding } from 'tiktoken';
import { chunk, frame, RelayHarness, streams, usageChunk, usageOf, writes } from './relay-harness.ts';

/** Holds that grow: here a slice is 64 tokens, and only of gpt-4.1, at ¥2 and ¥8 per million. */
let harness: RelayHarness;
let client: OpenAI;
beforeAll(async () => {
  harness = new RelayHarness();
  await harness.start();
  client = new OpenAI({ apiKey: 'sk-any', baseURL: harness.baseUrl, maxRetries: 0 });
});
afterAll(() => harness.stop());
beforeEach(() => {
  harness.reset();
});

const o200k = get_encoding('o200k_base');
const tokensOf = (text: string) => o200k.encode_ordinary(text).length;
const request = (limit = 1_000) => ({
  model: 'gpt-4.1',
  messages: [{ role: 'user' as const, content: 'Hello.' }],
  max_completion_tokens: limit,
  stream: true as const,
});
/** So many tokens, one a chunk. */
const words = (count: number) => Array.from({ length: count }, () => frame(chunk({ content: ' word' })));
const ending = (output: number) => [
  frame(chunk({}, 'stop')),
  frame(usageChunk(usageOf(9, output))),
  frame('[DONE]'),
];
const sliceOf = (tokens: number) => String((tokens * 8) / 1_000_000);
/** Nine tokens in, at ¥2. */
const costOf = (output: number) => String((9 * 2 + output * 8) / 1_000_000);

/** What a client got of a stream before it ended, and the error that ended it. */
async function received(asked = request()): Promise<{ text: string; error: unknown }> {
  let text = '';
  try {
    for await (const { choices } of await client.chat.completions.create(asked))
      text += choices[0]?.delta.content ?? '';
  } catch (error) {
    return { text, error };
  }
  return { text, error: undefined };
}

const theEnd = () => {
  expect(harness.journal.ends).toHaveLength(1);
  return harness.journal.ends[0]?.data;
};

describe('the hold of a long stream', () => {
  it('is one slice at first, and grows by slices before they are used up', async () => {
    harness.script = streams(...words(300), ...ending(300));
    expect(await received()).toEqual({ text: ' word'.repeat(300), error: undefined });
    expect(Number(harness.holds.placed[0]?.amount)).toBeLessThan(Number(sliceOf(64)) + 0.001);
    // 64, then 128, 192, 256, 320: never behind 300 and the margin of 16 before the next.
    expect(harness.holds.extended.map(({ extensionId }) => extensionId)).toEqual([
      'to-128',
      'to-192',
      'to-256',
      'to-320',
    ]);
    expect(harness.holds.extended.map(({ by }) => by)).toEqual(Array(4).fill(sliceOf(64)));
    expect(theEnd()?.end).toMatchObject({ usage: { source: 'upstream' }, charge: costOf(300) });
  });

  it('is not extended for a stream that fits', async () => {
    harness.script = streams(...words(40), ...ending(40));
    await received();
    expect(harness.holds.extended).toEqual([]);
  });

  it('never grows beyond what the client asked for', async () => {
    harness.script = streams(...words(150), ...ending(150));
    await received(request(150));
    expect(harness.holds.extended.map(({ by }) => by)).toEqual([sliceOf(64), sliceOf(150 - 128)]);
  });

  it('that may not grow ends the stream with a clear error, and exactly what came is charged', async () => {
    harness.holds.available = String(Number(sliceOf(64 + 64)) + 0.0005);
    harness.script = async (response) => {
      await writes(response, words(1_000));
      response.end();
    };
    const { text, error } = await received();
    expect(error).toMatchObject({ code: 'insufficient_quota', type: 'insufficient_quota' });
    expect((error as Error).message).toMatch(/may cost up to 0\.000512 CNY.*is available/);
    const output = tokensOf(text);
    expect(output).toBeGreaterThanOrEqual(100);
    expect(output).toBeLessThanOrEqual(128);
    expect(theEnd()?.end).toMatchObject({
      usage: { tokens: { input: 9, output }, source: 'counted_partial' },
      charge: costOf(output),
    });
    // The provider is stopped, and what was held covers what is charged.
    await harness.upstreamRequests[0]?.aborted;
    const held = [
      ...harness.holds.placed.map(({ amount }) => amount),
      ...harness.holds.extended.map(({ by }) => by),
    ];
    expect(held.reduce((sum, amount) => sum + Number(amount), 0)).toBeGreaterThanOrEqual(
      Number(costOf(output)),
    );
  });

  it('is asked for again where the ledger does not answer at once, under the same id', async () => {
    let failures = 2;
    harness.holds.onExtend = () =>
      failures-- > 0 ? Promise.reject(new Error('no ledger')) : Promise.resolve();
    harness.script = streams(...words(100), ...ending(100));
    expect((await received()).error).toBeUndefined();
    expect(harness.holds.extended.map(({ extensionId }) => extensionId)).toEqual(['to-128']);
  });

  it('ends the stream where the ledger does not answer at all, and what came is charged', async () => {
    harness.holds.onExtend = () => Promise.reject(new Error('no ledger'));
    harness.script = (response) => writes(response, words(1_000));
    const { text, error } = await received();
    expect(error).toMatchObject({ code: 'service_unavailable' });
    expect(theEnd()?.end).toMatchObject({ usage: { tokens: { output: tokensOf(text) } } });
  });

  it('covers several answers at once', async () => {
    const both = [0, 1].flatMap((index) =>
      Array.from({ length: 100 }, () =>
        frame({ ...chunk({}), choices: [{ index, delta: { content: ' word' }, finish_reason: null }] }),
      ),
    );
    harness.script = streams(...both, ...ending(200));
    await received({ ...request(), n: 2 } as ReturnType<typeof request>);
    expect(Number(harness.holds.placed[0]?.amount)).toBeGreaterThan(Number(sliceOf(128)));
    expect(harness.holds.extended.length).toBeGreaterThanOrEqual(1);
    expect(theEnd()?.end).toMatchObject({ charge: costOf(200) });
  });

  it('is whole from the beginning for models that think in secret, and for answers that come whole', async () => {
    harness.script = streams(...words(100), ...ending(100));
    await received({ ...request(), model: 'gpt-5.5' });
    await client.chat.completions.create({ ...request(), stream: false }).catch(() => undefined);
    expect(harness.holds.extended).toEqual([]);
    const [thinking, whole] = harness.holds.placed.map(({ amount }) => Number(amount));
    expect(thinking).toBeGreaterThan(0.015);
    expect(whole).toBeGreaterThan(0.008);
  });
});
