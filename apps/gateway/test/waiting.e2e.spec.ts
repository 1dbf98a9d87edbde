import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
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
/** The provider says nothing before its client has heard from us so often. */
const afterComments =
  (comments: number, script: UpstreamScript): UpstreamScript =>
  async (response, request) => {
    await new Promise((resolve) => setTimeout(resolve, (comments + 1) * harness.times.keepAliveMs));
    await script(response, request);
  };

describe('a stream whose provider is silent for long', () => {
  beforeEach(() => {
    harness.times.keepAliveMs = 40;
  });

  it('has its head and comments meanwhile, and is then what it would have been', async () => {
    harness.script = afterComments(2, answersAsUsual);
    const answer = await asked({ ...hello, stream: true });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(answer.headers.get('x-call-id')).toBe(harness.journal.starts[0]?.data.callId);
    const text = await answer.text();
    expect(text).toMatch(/^(?:: keep-alive\n\n)+data: /);
    harness.reset();
    harness.script = answersAsUsual;
    const plain = await (await asked({ ...hello, stream: true })).text();
    expect(text.replace(/^(?:: keep-alive\n\n)+/, '')).toBe(plain);
  });

  it('is read by OpenAI’s client as if nothing had been', async () => {
    harness.script = afterComments(2, answersAsUsual);
    const stream = await client.chat.completions.create({ ...hello, stream: true });
    let text = '';
    for await (const piece of stream) text += piece.choices[0]?.delta.content ?? '';
    expect(text).toBe('Hello 世界.');
    expect(harness.journal.ends[0]?.data.end).toMatchObject({ kind: 'usage' });
  });

  it('ends with an error of its protocol where it is refused after all, and is not charged', async () => {
    harness.script = afterComments(2, answersWhole({ error: { message: 'No.', type: 'x', code: 'y' } }, 400));
    const stream = await client.chat.completions.create({ ...hello, stream: true });
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
    harness.script = afterComments(3, answersAsUsual);
    const left = new AbortController();
    const stream = await client.chat.completions.create({ ...hello, stream: true }, { signal: left.signal });
    left.abort();
    const read = async () => {
      for await (const piece of stream) expect(piece).toBeUndefined();
    };
    await read().catch(() => undefined);
    while (harness.journal.ends.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
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
    expect(Number(headers.get('openai-processing-ms'))).toBeGreaterThanOrEqual(1);
  });
});
