import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@app/testing';
import OpenAI, {
  APIError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai';
import { get_encoding } from 'tiktoken';
import { ThreadTokenCounts } from '../src/relay/token-counts.client.ts';
import {
  answersWhole,
  chunk,
  comesWithinASecond,
  completion,
  frame,
  ordinaryStream,
  RelayHarness,
  streams,
  usageChunk,
  usageOf,
  writes,
} from './relay-harness.ts';

let harness: RelayHarness;
let client: OpenAI;
const hello = { model: 'gpt-5.5', messages: [{ role: 'user' as const, content: 'Hello.' }] };

beforeAll(async () => {
  harness = new RelayHarness();
  await harness.start();
  client = new OpenAI({ apiKey: 'sk-any', baseURL: harness.baseUrl, maxRetries: 2 });
});
afterAll(() => harness.stop());

beforeEach(() => {
  harness.reset();
});

/** The one end that was told. */
function theEnd() {
  expect(harness.journal.ends).toHaveLength(1);
  return harness.journal.ends[0]?.data;
}

/** OpenAI's own counter. */
const o200k = get_encoding('o200k_base');
const cl100k = get_encoding('cl100k_base');
const tokensOf = (text: string, encoding = o200k) => encoding.encode_ordinary(text).length;
/** A message has three tokens more than its role and content, and the reply three before it. */
const helloTokens = 3 + 3 + tokensOf('user') + tokensOf('Hello.');

/** What a call of gpt-5.5 comes to, at ¥2.5 and ¥15 per million. */
const countedEnd = (source: 'counted' | 'counted_partial', input: number, output: number) => ({
  kind: 'usage',
  usage: { tokens: { input, output }, units: {}, source, estimated: false },
  charge: String((25 * input + 150 * output) / 10_000_000),
});

const untilEnds = (calls: number) => eventually(() => harness.journal.ends.length >= calls);
const untilEnded = async () => {
  await untilEnds(1);
  return theEnd();
};
/** The gateway knows that its client has left. */
const untilGone = () => eventually(() => harness.clientsGone > 0);

const post = (body: unknown, signal?: AbortSignal) =>
  fetch(`${harness.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: 'Bearer sk-any',
      cookie: 'a=b',
      'openai-organization': 'org-x',
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });

const textOfStream = async (body: object) => (await post({ ...hello, ...body, stream: true })).text();

const caught = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('a call that is not streamed', () => {
  it('answers with its exact charge, and tells metering the same', async () => {
    const answer = await client.chat.completions.create(hello);
    expect(answer.choices[0]?.message.content).toBe('Hello.');
    expect(answer.usage).toEqual({
      ...usageOf(3_000, 800),
      cost: '0.0195',
      cost_currency: 'CNY',
      price_version: 'prv_gpt-5.5',
    });
    expect(theEnd()).toMatchObject({
      model: 'gpt-5.5',
      stream: false,
      statusCode: 200,
      priceVersionId: 'prv_gpt-5.5',
      end: {
        kind: 'usage',
        usage: { tokens: { input: 3_000, output: 800 }, source: 'upstream', estimated: false },
        charge: '0.0195',
      },
      rawUsage: JSON.stringify(usageOf(3_000, 800)),
    });
    expect(harness.journal.starts[0]?.data).toMatchObject({
      callId: theEnd()?.callId,
      holdId: harness.holds.placed[0]?.holdId,
      hold: { amount: harness.holds.placed[0]?.amount, currency: 'CNY' },
    });
  });

  it('holds the most that it can cost before the provider is asked', async () => {
    await client.chat.completions.create({ ...hello, max_completion_tokens: 1_000, n: 2 });
    const held = Number(harness.holds.placed[0]?.amount);
    // Two answers of 1,000 tokens at ¥15 per million, and at most 200 bytes of input at ¥2.5.
    expect(held).toBeGreaterThan(0.03);
    expect(held).toBeLessThan(0.0305);
  });

  it('is given up by us, after a minute here, before metering may close it without its end', async () => {
    await client.chat.completions.create(hello);
    const { admittedAt, deadline } = harness.journal.starts[0]?.data ?? { admittedAt: '', deadline: '' };
    expect(Date.parse(deadline) - Date.parse(admittedAt)).toBe(66_000);
  });

  it('sends the provider our key and our headers, and nothing of the client’s', async () => {
    await post(hello);
    const { headers } = harness.upstreamRequests[0] ?? {};
    expect(headers).toEqual({
      accept: 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      authorization: 'Bearer sk-upstream-secret-0123456789',
      connection: expect.any(String),
      'content-length': expect.any(String),
      'content-type': 'application/json',
      host: expect.any(String),
      'user-agent': 'haoli',
    });
  });

  it('prices the model that it sends, whichever name the client wrote twice', async () => {
    await post('{"model":"gpt-4","model":"gpt-5.5","messages":[{"role":"user","content":"x"}]}');
    expect(harness.upstreamRequests[0]?.text).not.toContain('gpt-4');
    expect(theEnd()?.model).toBe('gpt-5.5');
  });

  it('charges a price change by the price of admission', async () => {
    const before = harness.prices.prices.get('gpt-5.5');
    harness.script = async (response) => {
      if (before)
        harness.prices.prices.set('gpt-5.5', {
          ...before,
          id: 'prv_later',
          rates: { input: '99', output: '99' },
        });
      await answersWhole(completion())(response, harness.upstreamRequests[0] as never);
    };
    const { usage } = await client.chat.completions.create(hello);
    if (before) harness.prices.prices.set('gpt-5.5', before);
    expect(usage).toMatchObject({ cost: '0.0195', price_version: 'prv_gpt-5.5' });
  });

  it('S11: is finished and charged when its client has left', async () => {
    const left = new AbortController();
    harness.script = async (response, request) => {
      left.abort();
      await untilGone();
      await answersWhole(completion())(response, request);
    };
    await expect(post(hello, left.signal)).rejects.toThrow();
    expect((await untilEnded())?.end).toMatchObject({ kind: 'usage', charge: '0.0195' });
  });

  it('S2: is charged for what was counted where the provider reports no usage', async () => {
    harness.script = answersWhole(completion({ usage: undefined }));
    const answer = await client.chat.completions.create(hello);
    const end = countedEnd('counted', 9, tokensOf('Hello.'));
    expect(helloTokens).toBe(9);
    expect(theEnd()).toMatchObject({ end, rawUsage: null });
    expect(answer.usage).toEqual({
      ...usageOf(9, 2),
      cost: end.charge,
      cost_currency: 'CNY',
      price_version: 'prv_gpt-5.5',
    });
  });

  it('S2: is counted in the encoding of its model', async () => {
    const content = '用多少付多少，余额随时可退。'.repeat(20);
    harness.script = answersWhole(
      completion({ usage: null, choices: [{ index: 0, message: { content }, finish_reason: 'stop' }] }),
    );
    await client.chat.completions.create({ model: 'gpt-4', messages: [{ role: 'user', content }] });
    expect(tokensOf(content, cl100k)).not.toBe(tokensOf(content));
    const input = 3 + 3 + tokensOf('user', cl100k) + tokensOf(content, cl100k);
    expect(theEnd()?.end).toMatchObject({
      usage: { tokens: { input, output: tokensOf(content, cl100k) }, source: 'counted', estimated: false },
    });
  });

  it('S2: says that it is an estimate where the tokenizer of its model is not public', async () => {
    harness.script = answersWhole(completion({ usage: undefined }));
    await client.chat.completions.create({ ...hello, model: 'claude-opus-4-6' });
    // A tenth more than OpenAI's, rounded up: 9.9 and 2.2 tokens.
    expect(theEnd()?.end).toMatchObject({
      usage: { tokens: { input: 10, output: 3 }, source: 'counted', estimated: true },
      charge: '0.0009',
    });
  });

  it('S12: counts the input once and the output of every choice, whatever it says', async () => {
    const said = [
      { content: 'One.', refusal: null, tool_calls: null },
      { content: null, refusal: 'I cannot.' },
      { reasoning_content: 'Think ', reasoning: 'Think ', content: 'done' },
      { tool_calls: [{ type: 'function', function: { name: 'get_weather', arguments: '{"city":"广州"}' } }] },
      { function_call: { name: 'f', arguments: '{}' } },
    ];
    const choices = said.map((message, index) => ({ index, message, finish_reason: 'stop' }));
    harness.script = answersWhole(completion({ usage: undefined, choices }));
    await client.chat.completions.create({ ...hello, n: 5 });
    const texts = ['One.', 'I cannot.', 'doneThink ', 'get_weather{"city":"广州"}', 'f{}'];
    const output = texts.reduce((sum, text) => sum + tokensOf(text), 0);
    expect(theEnd()?.end).toEqual(countedEnd('counted', 9, output));
  });

  it('S2: counts functions by the published rule, and says of everything else that it is an estimate', async () => {
    harness.script = answersWhole(completion({ usage: undefined }));
    const tool = {
      type: 'function' as const,
      function: {
        name: 'now',
        description: 'Tells the time.',
        parameters: { type: 'object', properties: {} },
      },
    };
    await client.chat.completions.create({ ...hello, tools: [tool] });
    const input = 9 + 12 + 7 + tokensOf('now:Tells the time');
    expect(theEnd()?.end).toEqual(countedEnd('counted', input, 2));
    harness.journal.ends.length = 0;
    const custom = { type: 'custom', custom: { name: 'grep' } };
    await post({ ...hello, tools: [custom] });
    expect(theEnd()?.end).toMatchObject({
      usage: { tokens: { input: 9 + tokensOf(JSON.stringify(custom)), output: 2 }, estimated: true },
    });
  });

  it('S2: charges what was counted though it is more than the hold', async () => {
    const content = 'word '.repeat(300);
    harness.script = answersWhole(
      completion({ usage: undefined, choices: [{ index: 0, message: { content }, finish_reason: 'stop' }] }),
    );
    await client.chat.completions.create({ ...hello, max_completion_tokens: 100 });
    const end = countedEnd('counted', 9, tokensOf(content));
    expect(theEnd()?.end).toEqual(end);
    expect(Number(end.charge)).toBeGreaterThan(Number(harness.holds.placed[0]?.amount));
  });

  it('keeps no more of an answer than the hold covers, generously', async () => {
    const content = ' a'.repeat(100_000);
    harness.script = answersWhole(
      completion({ usage: undefined, choices: [{ index: 0, message: { content }, finish_reason: 'stop' }] }),
    );
    await client.chat.completions.create({ ...hello, max_completion_tokens: 100 });
    expect(theEnd()?.end).toEqual(countedEnd('counted', 9, 800));
  });

  it('is not charged where its tokens cannot be counted', async () => {
    harness.script = answersWhole(completion({ usage: undefined }));
    harness.counts.instead = () => Promise.reject(new Error('no thread'));
    const answer = await client.chat.completions.create(hello);
    expect(answer.usage).toBeUndefined();
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'upstream_failed' });
  });

  it('does not wait longer than it may for a count', async () => {
    const threads = new ThreadTokenCounts(1);
    await expect(threads.count('o200k_base', ['a '.repeat(1_000_000)])).rejects.toThrow('within 1 ms');
    await threads.onApplicationShutdown();
  });

  it.each([
    ['cached tokens beyond the input', { ...usageOf(10, 5), prompt_tokens_details: { cached_tokens: 11 } }],
    ['negative counts', usageOf(-1, 5)],
    ['text without tokens', usageOf(10, 0)],
    ['counts as text', { prompt_tokens: '10', completion_tokens: '5', total_tokens: '15' }],
  ])('gives usage that cannot be true to a person: %s', async (_what, usage) => {
    harness.script = answersWhole(completion({ usage }));
    const answer = await client.chat.completions.create(hello);
    expect(answer.usage).toEqual(usage);
    expect(theEnd()?.end.kind).toBe('impossible');
  });
});

describe('a streamed call', () => {
  it('carries in its last chunk what a whole answer carries', async () => {
    harness.script = streams(...ordinaryStream());
    const stream = await client.chat.completions.create({
      ...hello,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const one of stream) chunks.push(one);
    expect(chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '').join('')).toBe('Hello 世界.');
    expect(chunks.at(-1)?.usage).toEqual({
      ...usageOf(3_000, 800),
      cost: '0.0195',
      cost_currency: 'CNY',
      price_version: 'prv_gpt-5.5',
    });
    expect(theEnd()?.end).toMatchObject({ kind: 'usage', charge: '0.0195' });
  });

  it('passes the provider’s bytes on as they are, and keeps back the usage that was not asked for', async () => {
    const frames = ordinaryStream();
    const odd = [': ping\n\n', 'event: x\ndata: {"choices":[]}\r\n\r\n', ...frames];
    harness.script = streams(...odd);
    expect(await textOfStream({})).toBe(odd.filter((one) => !one.includes('prompt_tokens')).join(''));
    expect(harness.upstreamRequests[0]?.body['stream_options']).toEqual({ include_usage: true });
    expect(theEnd()?.end).toMatchObject({ kind: 'usage', charge: '0.0195' });
  });

  it('survives bytes that are cut anywhere', async () => {
    const whole = Buffer.from(ordinaryStream().join(''));
    harness.script = async (response) => {
      await writes(
        response,
        [...whole].map((byte) => Buffer.from([byte])),
      );
      response.end();
    };
    const expected = ordinaryStream()
      .filter((one) => !one.includes('prompt_tokens'))
      .join('');
    expect(await textOfStream({})).toBe(expected);
  });

  it('is over for the client only when its end is on record', async () => {
    harness.script = streams(...ordinaryStream());
    let isRecorded = false;
    let release = () => {};
    harness.journal.onFinished = () =>
      new Promise(
        (resolve) =>
          (release = () => {
            isRecorded = true;
            resolve();
          }),
      );
    const answer = await post({ ...hello, stream: true });
    let seen = '';
    const reading = (async () => {
      for await (const piece of answer.body ?? []) {
        seen += Buffer.from(piece).toString();
        if (seen.includes('[DONE]')) expect(isRecorded).toBe(true);
      }
    })();
    await untilEnded();
    await eventually(() => seen.includes('"finish_reason":"stop"'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen).not.toContain('[DONE]');
    release();
    await reading;
    expect(seen).toContain('[DONE]');
  });

  it('S16: takes the last usage before [DONE], adds none up, and hears nothing after it', async () => {
    const frames = ordinaryStream(usageOf(1, 1)).slice(0, -1);
    harness.script = streams(
      ...frames,
      frame(usageChunk(usageOf(3_000, 800))),
      frame('[DONE]'),
      frame(usageChunk(usageOf(9, 9))),
    );
    const text = await textOfStream({ stream_options: { include_usage: true } });
    expect(text.match(/prompt_tokens/g)).toHaveLength(1);
    expect(theEnd()?.end).toMatchObject({ charge: '0.0195' });
  });

  it('S5: costs nothing where nothing came out and nobody said why', async () => {
    harness.script = streams(
      frame(chunk({ role: 'assistant', content: '' })),
      frame(usageChunk(usageOf(3_000, 0))),
      frame('[DONE]'),
    );
    await textOfStream({});
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'zero_completion' });
  });

  it('S6: costs its input where it ended for a reason with nothing said', async () => {
    harness.script = streams(
      frame(chunk({}, 'content_filter')),
      frame(usageChunk(usageOf(3_000, 0))),
      frame('[DONE]'),
    );
    await textOfStream({});
    expect(theEnd()?.end).toMatchObject({ kind: 'usage', charge: '0.0075' });
  });

  it('S6: is charged for the input that was counted where that was not reported either', async () => {
    harness.script = streams(frame(chunk({}, 'content_filter')), frame('[DONE]'));
    await textOfStream({});
    expect(theEnd()?.end).toEqual(countedEnd('counted', 9, 0));
  });

  it('S2: shows a client that asked for usage what was counted', async () => {
    harness.script = streams(...ordinaryStream().filter((one) => !one.includes('prompt_tokens')));
    const stream = await client.chat.completions.create({
      ...hello,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const one of stream) chunks.push(one);
    const output = tokensOf('Hello 世界.');
    const end = countedEnd('counted', 9, output);
    expect(theEnd()).toMatchObject({ end, rawUsage: null });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { ...usageOf(9, output), cost: end.charge } });
  });

  it('S2: counts a stream as it counts the same answer whole, however it was cut', async () => {
    const text = 'The quick brown fox, 敏捷的棕色狐狸; jumps over 12,345 lazy dogs. '.repeat(40);
    const pieces = text.match(/.{1,3}/gsu) ?? [];
    harness.script = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const content of pieces) response.write(frame(chunk({ content })));
      response.end(frame(chunk({}, 'stop')) + frame('[DONE]'));
    };
    await textOfStream({});
    expect(theEnd()?.end).toEqual(countedEnd('counted', 9, tokensOf(text)));
    expect(pieces.reduce((sum, piece) => sum + tokensOf(piece), 0)).toBeGreaterThan(tokensOf(text));
  });

  it('S7: charges what was relayed, and makes every client throw, where the provider died in the middle', async () => {
    harness.script = async (response) => {
      await writes(response, ordinaryStream().slice(0, 3));
      response.destroy();
    };
    const received: string[] = [];
    const error = await caught(async () => {
      const stream = await client.chat.completions.create({ ...hello, stream: true });
      for await (const { choices } of stream) received.push(choices[0]?.delta.content ?? '');
    });
    expect(error).toBeInstanceOf(APIError);
    expect(received.join('')).toBe('Hello 世界.');
    expect((await untilEnded())?.end).toEqual(countedEnd('counted_partial', 9, tokensOf('Hello 世界.')));
  });

  it('S7, S10: costs nothing where the operator waives it; who leaves by himself pays all the same', async () => {
    harness.waiver.isOn = true;
    harness.script = streams(...ordinaryStream().slice(0, 3));
    await textOfStream({});
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'upstream_failed' });
    harness.journal.ends.length = 0;
    harness.script = (response) => writes(response, ordinaryStream().slice(0, 3));
    harness.upstream.isPatient = false;
    await textOfStream({});
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'upstream_timeout' });
    harness.upstream.isPatient = true;
    harness.journal.ends.length = 0;
    const left = new AbortController();
    await (await post({ ...hello, stream: true }, left.signal)).body?.getReader().read();
    left.abort();
    expect((await untilEnded())?.end).toMatchObject({ usage: { source: 'counted_partial' } });
  });

  it('S7: costs nothing where the provider died before it had said anything', async () => {
    harness.script = streams(frame(chunk({ role: 'assistant', content: '' })));
    await textOfStream({});
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'upstream_failed' });
  });

  it('S7: makes every client throw where the provider just ended', async () => {
    harness.script = streams(...ordinaryStream().slice(0, 3));
    const text = await textOfStream({});
    expect(text).toContain('"code":"upstream_error"');
    expect(text).not.toContain('[DONE]');
    expect(theEnd()?.end).toEqual(countedEnd('counted_partial', 9, tokensOf('Hello 世界.')));
  });

  it('charges an answer that was whole but for its last word', async () => {
    harness.script = async (response) => {
      await writes(response, ordinaryStream().slice(0, 5));
      response.destroy();
    };
    expect(await textOfStream({})).toContain('[DONE]');
    expect(theEnd()?.end).toMatchObject({ kind: 'usage', charge: '0.0195' });
  });

  it('shows none of the provider’s words where it sends an error into its stream', async () => {
    const words = {
      error: { message: 'key sk-upstream-secret-0123456789 at 10.0.0.7', type: 'server_error' },
    };
    harness.script = streams(...ordinaryStream().slice(0, 2), frame(words));
    const text = await textOfStream({});
    expect(text).not.toMatch(/secret|10\.0\.0\.7/);
    expect(text).toContain('"code":"upstream_error"');
    expect(theEnd()?.end).toEqual(countedEnd('counted_partial', 9, tokensOf('Hel')));
  });

  it('S10: charges what was relayed, and ends with an error where the provider falls silent', async () => {
    harness.upstream.isPatient = false;
    harness.script = async (response) => {
      await writes(response, ordinaryStream().slice(0, 3));
    };
    expect(await textOfStream({})).toContain('"code":"upstream_error"');
    expect(theEnd()?.end).toEqual(countedEnd('counted_partial', 9, tokensOf('Hello 世界.')));
  });

  it('makes the provider wait for a client that does not read, instead of keeping its words', async () => {
    let sent = 0;
    const word = frame(chunk({ content: 'x'.repeat(16_000) }));
    harness.script = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = () => {
        while (sent < 200_000_000) {
          sent += word.length;
          if (!response.write(word)) return;
        }
        response.end();
      };
      response.on('drain', more);
      more();
    };
    const left = new AbortController();
    await post({ ...hello, stream: true, max_tokens: 1_000 }, left.signal);
    // What the sockets' own buffers hold between provider, gateway and client, and not a byte more with time.
    await eventually(async () => {
      const before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return sent === before;
    });
    expect(sent).toBeLessThan(32_000_000);
    left.abort();
    const kept = tokensOf('x'.repeat(16_000));
    expect((await untilEnded())?.end).toEqual(countedEnd('counted_partial', 9, kept));
  });

  it('S8: costs nothing where its client left before the provider was asked', async () => {
    const left = new AbortController();
    harness.holds.onPlace = async () => {
      left.abort();
      await untilGone();
    };
    await expect(post({ ...hello, stream: true }, left.signal)).rejects.toThrow();
    expect(await untilEnded()).toMatchObject({
      statusCode: 499,
      end: { kind: 'uncharged', reason: 'client_left_early' },
    });
    expect(harness.upstreamRequests).toEqual([]);
  });

  it('S8: costs its input, and is given up within a second, when its client leaves before any answer', async () => {
    const left = new AbortController();
    harness.script = () => {
      left.abort();
    };
    await expect(post({ ...hello, stream: true }, left.signal)).rejects.toThrow();
    expect(await comesWithinASecond(harness.upstreamRequests[0]?.aborted)).toBe(true);
    expect(await untilEnded()).toMatchObject({
      statusCode: 499,
      end: countedEnd('counted_partial', 9, 0),
    });
  });

  it('S9: costs its input when its client leaves between the head and the first word', async () => {
    const left = new AbortController();
    harness.script = (response) => writes(response, ordinaryStream().slice(0, 1));
    await (await post({ ...hello, stream: true }, left.signal)).body?.getReader().read();
    left.abort();
    expect((await untilEnded())?.end).toEqual(countedEnd('counted_partial', 9, 0));
  });

  it('S9: costs what came, and is given up within a second, when its client leaves in the middle', async () => {
    const left = new AbortController();
    harness.script = async (response) => {
      await writes(response, ordinaryStream().slice(0, 3));
    };
    const answer = await post({ ...hello, stream: true }, left.signal);
    const reader = answer.body?.getReader();
    for (let seen = ''; !seen.includes('世界');)
      seen += Buffer.from((await reader?.read())?.value ?? []).toString();
    left.abort();
    expect(await comesWithinASecond(harness.upstreamRequests[0]?.aborted)).toBe(true);
    expect((await untilEnded())?.end).toEqual(countedEnd('counted_partial', 9, tokensOf('Hello 世界.')));
  });

  it('S1: is charged in full when its client leaves after everything was reported', async () => {
    const left = new AbortController();
    harness.script = async (response) => {
      await writes(response, [...ordinaryStream().slice(0, 5), ': all was said\n\n']);
    };
    const reader = (await post({ ...hello, stream: true }, left.signal)).body?.getReader();
    for (let seen = ''; !seen.includes(': all was said');)
      seen += Buffer.from((await reader?.read())?.value ?? []).toString();
    left.abort();
    expect((await untilEnded())?.end).toMatchObject({ kind: 'usage', charge: '0.0195' });
  });
});

describe('a provider that does not answer', () => {
  it.each([
    [400, BadRequestError, 400, 'upstream_rejected'],
    [422, BadRequestError, 400, 'upstream_rejected'],
    [401, InternalServerError, 502, 'upstream_rejected'],
    [403, InternalServerError, 502, 'upstream_rejected'],
    [404, InternalServerError, 502, 'upstream_rejected'],
    [429, InternalServerError, 503, 'upstream_rejected'],
    [500, InternalServerError, 503, 'upstream_failed'],
  ] as const)('S4: %i costs nothing and shows no secret', async (status, errorClass, answered, reason) => {
    const message = 'Bad value in field x. Key sk-upstream-secret-0123456789 at https://internal.example/.';
    harness.script = answersWhole({ error: { message, code: 'some_code', param: 'x', type: 'y' } }, status);
    const error = await caught(() => client.chat.completions.create(hello, { maxRetries: 0 }));
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({ status: answered });
    expect(JSON.stringify([error, (error as Error).message])).not.toMatch(/secret|internal\.example/);
    if (answered === 400) expect(error).toMatchObject({ code: 'some_code', param: 'x' });
    expect(theEnd()).toMatchObject({ statusCode: answered, end: { kind: 'uncharged', reason } });
  });

  it('answers 504 where it takes too long, and does not charge', async () => {
    harness.upstream.isPatient = false;
    harness.script = () => {};
    const error = await caught(() => client.chat.completions.create(hello, { maxRetries: 0 }));
    expect(error).toMatchObject({ status: 504, code: 'upstream_timeout' });
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'upstream_timeout' });
  });

  it('answers 502 where the connection breaks, and does not charge', async () => {
    harness.script = (response) => {
      response.destroy();
    };
    const error = await caught(() => client.chat.completions.create(hello, { maxRetries: 0 }));
    expect(error).toMatchObject({ status: 502, code: 'upstream_error' });
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'upstream_failed' });
  });

  it('answers 502 where it is no completion', async () => {
    harness.script = answersWhole('<html>maintenance</html>');
    expect(await caught(() => client.chat.completions.create(hello, { maxRetries: 0 }))).toMatchObject({
      status: 502,
    });
    expect(theEnd()?.end).toEqual({ kind: 'uncharged', reason: 'upstream_failed' });
  });
});

describe('a provider that answers nonsense', () => {
  it.each([
    ['a choice that is none', { choices: [null, 7, 'x'] }],
    ['usage that is a list', { choices: [], usage: [1, 2] }],
    ['usage of null prototype', { choices: [{ finish_reason: 'stop' }], usage: { __proto__: null } }],
    ['counts beyond all numbers', { choices: [{ finish_reason: 'stop' }], usage: { prompt_tokens: 1e300 } }],
    ['counts as text', { choices: [{ finish_reason: 'stop' }], usage: { prompt_tokens: '1e3' } }],
    ['choices in choices', { choices: [[[]]], usage: { completion_tokens: {} } }],
  ])('has its call ended once all the same: %s', async (_name, answer) => {
    harness.script = answersWhole(answer);
    await caught(() => client.chat.completions.create(hello, { maxRetries: 0 }));
    expect(theEnd()?.end.kind).toMatch(/^(?:uncharged|impossible)$/);
  });
});

describe('a call that is not let in', () => {
  it.each(['gpt-4-32k', 'gpt-4-32k-0613', 'no-such-model'])(
    'S3: %s does not exist and holds nothing',
    async (model) => {
      const error = await caught(() => client.chat.completions.create({ ...hello, model }));
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject({ status: 404, code: 'model_not_found', type: 'invalid_request_error' });
      expect(harness.holds.placed).toEqual([]);
      expect(harness.upstreamRequests).toEqual([]);
    },
  );

  it('S3: an empty wallet is told what is needed, available and affordable, once', async () => {
    harness.holds.available = '0.003';
    const error = await caught(() =>
      client.chat.completions.create({ ...hello, max_completion_tokens: 1_000 }),
    );
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' });
    const { message } = error as Error;
    // Nine tokens of input, counted because its bytes were too much, and 1,000 of output.
    expect(message).toContain('up to 0.0150225 CNY');
    expect(message).toContain('only 0.003 CNY');
    expect(message).toContain('enough for 198 output tokens');
    // The SDK repeats every 429 twice unless it is told not to.
    expect(harness.holds.refused).toHaveLength(1);
    expect(harness.journal.starts).toEqual([]);
  });

  it('is told at once that the process has as many calls as it may have, and costs nothing', async () => {
    harness.callsAtOnceMax = 2;
    harness.reset();
    const { promise: release, resolve } = Promise.withResolvers<undefined>();
    harness.script = async (response, request) => {
      await release;
      await answersWhole(completion())(response, request);
    };
    const two = [post(hello), post({ ...hello, stream: true })];
    await eventually(() => harness.upstreamRequests.length === 2);
    const third = await post(hello);
    expect([third.status, third.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await third.json()).toMatchObject({ error: { type: 'server_error', code: 'server_overloaded' } });
    expect(harness.holds.placed).toHaveLength(2);
    resolve(undefined);
    await Promise.all(two);
    await untilEnds(2);
    // Whichever way the two ended, their places are free again.
    expect((await post(hello)).status).toBe(200);
    harness.callsAtOnceMax = 1_000;
  });

  it('lets a call in that fits only once its tokens are counted', async () => {
    harness.holds.available = '0.0151';
    await client.chat.completions.create({ ...hello, max_completion_tokens: 1_000 });
    expect(harness.holds.refused).toHaveLength(1);
    expect(harness.holds.placed.map(({ amount }) => amount)).toEqual(['0.0150225']);
  });

  it('gpt-4 reads 8,192 tokens and refuses one more', async () => {
    harness.holds.available = '500';
    const price = harness.prices.prices.get('gpt-4');
    if (price)
      harness.prices.prices.set('gpt-4', { ...price, limits: { contextTokens: 8_192, outputTokens: 8_192 } });
    const overhead = 3 + 3 + tokensOf('user', cl100k);
    const asking = (tokens: number) =>
      client.chat.completions.create({
        model: 'gpt-4',
        messages: [{ role: 'user', content: ' hello'.repeat(tokens - overhead) }],
      });
    await asking(8_192);
    expect(harness.upstreamRequests).toHaveLength(1);
    const error = await caught(() => asking(8_193));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, code: 'context_length_exceeded', param: 'messages' });
    expect((error as Error).message).toMatch(/8192 tokens.*8193 tokens/);
    expect(harness.upstreamRequests).toHaveLength(1);
    expect(harness.holds.placed).toHaveLength(1);
  });

  it('gives a client without a limit as long an answer as there is money for', async () => {
    harness.holds.available = '0.0153';
    await client.chat.completions.create(hello);
    const limit = harness.upstreamRequests[0]?.body['max_completion_tokens'] as number;
    expect(limit).toBeGreaterThan(990);
    expect(limit).toBeLessThan(1_020);
    expect(Number(harness.holds.placed[0]?.amount)).toBeLessThanOrEqual(0.0153);
    expect(Number(harness.holds.placed[0]?.amount)).toBeGreaterThan(0.01528);
  });

  it('cuts a limit beyond the model to the model, so that one number cannot freeze a wallet', async () => {
    await post({ ...hello, max_tokens: 999_999_999 });
    expect(harness.upstreamRequests[0]?.body['max_tokens']).toBe(128_000);
    expect(Number(harness.holds.placed[0]?.amount)).toBeLessThan(2);
  });

  it('is not started where its start cannot be recorded: the hold is given back', async () => {
    harness.journal.onStarted = () => Promise.reject(new Error('no broker'));
    const error = await caught(() => client.chat.completions.create(hello, { maxRetries: 0 }));
    expect(error).toMatchObject({ status: 503, code: 'service_unavailable' });
    expect(harness.holds.released).toEqual(harness.holds.placed.map(({ holdId }) => holdId));
    expect(harness.journal.ends).toEqual([]);
  });

  it('does not reach the provider while the log is in doubt', async () => {
    harness.journal.isTrusted = false;
    harness.journal.onStarted = () => Promise.reject(new Error('no broker'));
    await caught(() => client.chat.completions.create(hello, { maxRetries: 0 }));
    expect(harness.upstreamRequests).toEqual([]);
  });

  it('shows no byte of an answer before its start is recorded', async () => {
    let release = () => {};
    harness.journal.onStarted = () => new Promise((resolve) => (release = resolve));
    harness.script = streams(...ordinaryStream());
    let hasAnswered = false;
    const answer = post({ ...hello, stream: true }).then((response) => {
      hasAnswered = true;
      return response.text();
    });
    await eventually(() => harness.upstreamRequests.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(hasAnswered).toBe(false);
    release();
    expect(await answer).toContain('[DONE]');
  });
});
