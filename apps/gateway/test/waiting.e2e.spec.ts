import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@app/testing';
import OpenAI, { APIError } from 'openai';
import { answersWhole, ordinaryStream, RelayHarness, streams, type UpstreamScript } from './relay-harness.ts';

let harness: RelayHarness;
let client: OpenAI;
const hello = { model: 'gpt-5.5', messages: [{ role: 'user' as const, content: 'Hello.' }] };
const asked = (body: object = hello) =>
  fetch(`${harness.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-any' },
    body: JSON.stringify(body),
  });

beforeAll(async () => {
  harness = new RelayHarness();
  await harness.start();
  client = new OpenAI({ apiKey: 'sk-any', baseURL: harness.baseUrl, maxRetries: 0 });
});
afterAll(() => harness.stop());
beforeEach(() => {
  harness.reset();
});

const answersAsUsual = streams(...ordinaryStream());
/** The provider says nothing before it is let. */
function silentUntilLet(script: UpstreamScript): () => void {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  harness.script = async (response, request) => {
    await promise;
    await script(response, request);
  };
  return () => {
    resolve(undefined);
  };
}

describe('a stream whose provider is silent for long', () => {
  beforeEach(() => {
    harness.times.keepAliveMs = 40;
  });

  it('has its head and comments meanwhile, and is then what it would have been', async () => {
    const answers = silentUntilLet(answersAsUsual);
    const answer = await asked({ ...hello, stream: true });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(answer.headers.get('x-call-id')).toBe(harness.journal.starts[0]?.data.callId);
    let text = '';
    for await (const piece of answer.body ?? []) {
      text += Buffer.from(piece).toString();
      if (text.split(': keep-alive\n\n').length > 2) answers();
    }
    expect(text).toMatch(/^(?:: keep-alive\n\n){2,}data: /);
    harness.reset();
    harness.script = answersAsUsual;
    const plain = await (await asked({ ...hello, stream: true })).text();
    expect(text.replace(/^(?:: keep-alive\n\n)+/, '')).toBe(plain);
  });

  it('is read by OpenAI’s client as if nothing had been', async () => {
    const answers = silentUntilLet(answersAsUsual);
    const stream = await client.chat.completions.create({ ...hello, stream: true });
    answers();
    let text = '';
    for await (const piece of stream) text += piece.choices[0]?.delta.content ?? '';
    expect(text).toBe('Hello 世界.');
    expect(harness.journal.ends[0]?.data.end).toMatchObject({ kind: 'usage' });
  });

  it('ends with an error of its protocol where it is refused after all, and is not charged', async () => {
    const answers = silentUntilLet(answersWhole({ error: { message: 'No.', type: 'x', code: 'y' } }, 400));
    const stream = await client.chat.completions.create({ ...hello, stream: true });
    answers();
    const read = async () => {
      for await (const piece of stream) expect(piece).toBeUndefined();
    };
    await expect(read()).rejects.toThrow(APIError);
    expect(harness.journal.ends[0]?.data.end).toMatchObject({
      kind: 'uncharged',
      reason: 'upstream_rejected',
    });
  });

  it('is given up, once, where its client goes meanwhile', async () => {
    silentUntilLet(answersAsUsual);
    const left = new AbortController();
    const stream = await client.chat.completions.create({ ...hello, stream: true }, { signal: left.signal });
    left.abort();
    const read = async () => {
      for await (const piece of stream) expect(piece).toBeUndefined();
    };
    await read().catch(() => undefined);
    await eventually(() => harness.journal.ends.length > 0);
    expect(harness.journal.ends).toHaveLength(1);
  });
});

describe('OpenAI’s own headers', () => {
  it.each([false, true])('say which API this is and how long it took, streamed: %s', async (stream) => {
    if (stream) harness.script = answersAsUsual;
    const answer = await asked({ ...hello, stream });
    await answer.text();
    const { headers } = answer;
    expect(headers.get('openai-version')).toBe('2020-10-01');
    expect(headers.get('openai-processing-ms')).toMatch(/^\d+$/);
  });
});
