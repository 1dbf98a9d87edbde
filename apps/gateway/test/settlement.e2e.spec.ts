import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@app/testing';
import { get_encoding } from 'tiktoken';
import { type Dialect, dialects } from './dialects.ts';
import { answersWhole, comesWithinASecond, frame, RelayHarness, streams, writes } from './relay-harness.ts';

/** The settlement table, row by row, at every endpoint that streams. */
let harness: RelayHarness;
beforeAll(async () => {
  harness = new RelayHarness();
  await harness.start();
});
afterAll(() => harness.stop());
beforeEach(() => {
  harness.reset();
});

const o200k = get_encoding('o200k_base');
const tokensOf = (text: string) => o200k.encode_ordinary(text).length;
const wholeWords = tokensOf('Hello.');
const streamedWords = tokensOf('Hello 世界.');

/** ¥2.5 and ¥15 per million. */
const costOf = (input: number, output: number) => String((25 * input + 150 * output) / 10_000_000);
const usageEnd = (source: string, input: number, output: number) => ({
  kind: 'usage',
  usage: { tokens: { input, ...(output === 0 && source === 'upstream' ? {} : { output }) }, source },
  charge: costOf(input, output),
});

const post = (dialect: Dialect, stream: boolean, signal?: AbortSignal) =>
  fetch(`${harness.baseUrl}${dialect.path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-any', cookie: 'a=b' },
    body: JSON.stringify({ model: 'gpt-5.5', ...dialect.body, stream }),
    ...(signal === undefined ? {} : { signal }),
  });
const streamed = async (dialect: Dialect) => (await post(dialect, true)).text();

const theEnd = async () => {
  await eventually(() => harness.journal.ends.length > 0);
  expect(harness.journal.ends).toHaveLength(1);
  return harness.journal.ends[0]?.data;
};

describe.each(dialects)('%s', (_name, dialect) => {
  const { counted, brokenOff } = dialect.input;
  const usage = dialect.usage(3_000, 800);

  it('S1: charges the usage that was reported, and shows the charge in it', async () => {
    harness.script = answersWhole(dialect.whole(usage));
    const answer = (await (await post(dialect, false)).json()) as { readonly usage: object };
    const shown = { cost: '0.0195', cost_currency: 'CNY', price_version: 'prv_gpt-5.5' };
    expect(answer).toEqual({
      ...(dialect.whole(usage) as object),
      usage: { ...(usage as object), ...shown },
    });
    expect(await theEnd()).toMatchObject({
      end: usageEnd('upstream', 3_000, 800),
      rawUsage: JSON.stringify(usage),
    });
  });

  it('S1: passes a stream’s bytes on as they came, and shows the charge in its last usage', async () => {
    const frames = dialect.stream(usage);
    harness.script = streams(...frames);
    const text = await streamed(dialect);
    const unchanged = frames.slice(0, dialect.framesUntilEnd).join('');
    expect(text.startsWith(unchanged)).toBe(true);
    expect(text.match(/"cost":"0\.0195"/g)).toHaveLength(1);
    expect(text.match(/"price_version":"prv_gpt-5.5"/g)).toHaveLength(1);
    expect((await theEnd())?.end).toMatchObject(usageEnd('upstream', 3_000, 800));
  });

  it('S2: counts a whole answer without usage', async () => {
    harness.script = answersWhole(dialect.whole(undefined));
    const answer = (await (await post(dialect, false)).json()) as { readonly usage: object };
    expect(answer.usage).toMatchObject({ cost: costOf(counted, wholeWords) });
    expect(await theEnd()).toMatchObject({ end: usageEnd('counted', counted, wholeWords), rawUsage: null });
  });

  it('S2: counts a stream without usage, its pieces joined', async () => {
    harness.script = streams(...dialect.stream(undefined));
    const text = await streamed(dialect);
    expect(text).toContain(`"cost":"${costOf(brokenOff, streamedWords)}"`);
    expect((await theEnd())?.end).toMatchObject(usageEnd('counted', brokenOff, streamedWords));
  });

  it('quarantines usage that cannot be true, and shows no cost', async () => {
    harness.script = streams(...dialect.stream(dialect.usage(3_000, -1)));
    expect(await streamed(dialect)).not.toContain('"cost"');
    expect((await theEnd())?.end.kind).toBe('impossible');
  });

  it.each([
    [400, 400, 'upstream_rejected'],
    [429, 503, 'upstream_rejected'],
    [500, 503, 'upstream_failed'],
  ])('S4: is not charged for a provider’s %i', async (status, answered, reason) => {
    const message = 'Bad value. Key sk-upstream-secret-0123456789 at https://internal.example/.';
    harness.script = answersWhole({ type: 'error', error: { message, type: 'x' } }, status);
    const answer = await post(dialect, true);
    expect(answer.status).toBe(answered);
    expect(await answer.text()).not.toMatch(/secret|internal\.example/);
    expect((await theEnd())?.end).toEqual({ kind: 'uncharged', reason });
  });

  it('S5: is not charged where nothing came out and nobody said why', async () => {
    harness.script = streams(...dialect.stream(usage).slice(0, dialect.framesUntilWords), frame('[DONE]'));
    await streamed(dialect);
    expect((await theEnd())?.end.kind).toBe('uncharged');
  });

  it('S6: is charged for its input where it ended for a reason with nothing said', async () => {
    harness.script = streams(...dialect.silent(dialect.usage(3_000, 0)));
    await streamed(dialect);
    expect((await theEnd())?.end).toMatchObject(usageEnd('upstream', 3_000, 0));
  });

  it('S7: is charged for what was relayed where the provider dies, and says so', async () => {
    harness.script = async (response) => {
      await writes(response, dialect.stream(usage).slice(0, dialect.framesUntilEnd));
      response.destroy();
    };
    const text = await streamed(dialect);
    expect(text).toMatch(dialect.errorInStream);
    expect(text).not.toMatch(/\[DONE\]|message_stop|response\.completed/);
    expect((await theEnd())?.end).toMatchObject(usageEnd('counted_partial', brokenOff, streamedWords));
  });

  it('S7: shows none of the provider’s words where it sends an error into its stream', async () => {
    harness.script = streams(...dialect.stream(usage).slice(0, dialect.framesUntilEnd), dialect.failure);
    const text = await streamed(dialect);
    expect(text).not.toMatch(/secret|10\.0\.0\.7/);
    expect(text).toMatch(dialect.errorInStream);
    expect((await theEnd())?.end).toMatchObject(usageEnd('counted_partial', brokenOff, streamedWords));
  });

  it('S8: is charged for its input when its client leaves before any answer', async () => {
    const left = new AbortController();
    harness.script = () => {
      left.abort();
    };
    await expect(post(dialect, true, left.signal)).rejects.toThrow();
    expect(await theEnd()).toMatchObject({
      statusCode: 499,
      end: usageEnd('counted_partial', counted, 0),
    });
  });

  it('S9: is charged for what came when its client leaves, and the provider is stopped within a second', async () => {
    const left = new AbortController();
    harness.script = (response) => writes(response, dialect.stream(usage).slice(0, dialect.framesUntilEnd));
    const answer = await post(dialect, true, left.signal);
    const reader = answer.body?.getReader();
    for (let seen = ''; !seen.includes('世界');)
      seen += Buffer.from((await reader?.read())?.value ?? []).toString();
    left.abort();
    expect(await comesWithinASecond(harness.upstreamRequests[0]?.aborted)).toBe(true);
    expect((await theEnd())?.end).toMatchObject(usageEnd('counted_partial', brokenOff, streamedWords));
  });

  it('S10: is charged for what came where the provider falls silent', async () => {
    harness.upstream.isPatient = false;
    harness.script = (response) => writes(response, dialect.stream(usage).slice(0, dialect.framesUntilEnd));
    expect(await streamed(dialect)).toMatch(dialect.errorInStream);
    expect((await theEnd())?.end).toMatchObject(usageEnd('counted_partial', brokenOff, streamedWords));
  });

  it('S11: is finished and charged where the client of a whole answer has left', async () => {
    const left = new AbortController();
    harness.script = async (response, request) => {
      left.abort();
      await eventually(() => harness.clientsGone > 0);
      await answersWhole(dialect.whole(usage))(response, request);
    };
    await expect(post(dialect, false, left.signal)).rejects.toThrow();
    expect((await theEnd())?.end).toMatchObject(usageEnd('upstream', 3_000, 800));
  });

  it('S13: is charged for usage beyond its hold, which the ledger takes as far as there is money', async () => {
    harness.script = answersWhole(dialect.whole(dialect.usage(1_000_000, 500_000)));
    await post(dialect, false);
    expect((await theEnd())?.end).toMatchObject({ charge: '10' });
    expect(Number(harness.holds.placed[0]?.amount)).toBeLessThan(10);
  });

  it('S15: is not charged where the provider will not answer for what it says', async () => {
    const error = { message: 'Not allowed.', type: 'x', code: 'content_policy_violation' };
    harness.script = answersWhole({ error }, 400);
    expect((await post(dialect, true)).status).toBe(400);
    expect((await theEnd())?.end).toEqual({ kind: 'uncharged', reason: 'moderated' });
  });

  it('S16: takes the last usage before the end, adds none up, and hears nothing after it', async () => {
    const frames = dialect.stream(usage);
    const early = dialect.stream(dialect.usage(1, 1)).slice(dialect.framesUntilEnd, -1);
    const late = dialect.stream(dialect.usage(9, 9)).slice(dialect.framesUntilEnd);
    harness.script = streams(
      ...frames.slice(0, dialect.framesUntilEnd),
      ...early,
      ...frames.slice(dialect.framesUntilEnd),
      ...late,
    );
    expect((await streamed(dialect)).match(/"cost"/g)).toHaveLength(1);
    const { end } = (await theEnd()) ?? {};
    expect(end).toMatchObject({ usage: { tokens: { output: 800 } } });
  });

  it('sends nothing of the client’s headers, and asks the model that was priced', async () => {
    harness.script = answersWhole(dialect.whole(usage));
    await post(dialect, false);
    const [request] = harness.upstreamRequests;
    expect(request?.path).toBe(`/v1${dialect.path}`);
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual(
      [
        ...[
          'accept',
          'accept-encoding',
          'connection',
          'content-length',
          'content-type',
          'host',
          'user-agent',
        ],
        ...(dialect.path === '/messages' ? ['anthropic-version', 'x-api-key'] : ['authorization']),
      ].sort(),
    );
    expect(request?.body['model']).toBe('gpt-5.5');
  });

  it('holds nothing and asks nobody for a model that has no price', async () => {
    const answer = await post({ ...dialect, body: { ...dialect.body, model: 'gpt-4-32k' } }, true);
    expect(answer.status).toBe(404);
    expect(harness.holds.placed).toEqual([]);
    expect(harness.upstreamRequests).toEqual([]);
  });
});
