import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import OpenAI from 'openai';
import { routesOf, UpstreamsFile } from '../src/upstreams/upstream-routes.ts';
import { chunk, completion, frame, ordinaryStream, RelayHarness, usageOf, writes } from './relay-harness.ts';

/** One of several providers: what it answers, and how often it was asked. */
class Provider {
  asked: { readonly key: string | undefined; readonly model: unknown }[] = [];
  answer: (response: ServerResponse) => void | Promise<void> = ok;
  private readonly server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      const { model } = JSON.parse(text) as { model: unknown };
      this.asked.push({ key: request.headers.authorization, model });
      void this.answer(response);
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}/v1`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const answers = (status: number, body: unknown) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
const ok = answers(200, completion());
const fails = (status: number) => answers(status, { error: { message: 'at 10.0.0.7', code: 'x' } });
const streams = (frames: readonly string[]) => async (response: ServerResponse) => {
  await writes(response, frames);
  response.end();
};

let harness: RelayHarness;
let client: OpenAI;
const providers = { first: new Provider(), second: new Provider(), third: new Provider() };
const hello = { model: 'gpt-5.5', messages: [{ role: 'user' as const, content: 'Hello.' }] };

beforeAll(async () => {
  harness = new RelayHarness();
  await harness.start();
  const urls = {
    first: await providers.first.start(),
    second: await providers.second.start(),
    third: await providers.third.start(),
  };
  const file = UpstreamsFile.parse({
    upstreams: Object.entries(urls).map(([code, url]) => ({
      code,
      url,
      allowPrivate: true,
      ...(code === 'third'
        ? { endpoints: ['chat-completions'], families: { 'chat-completions': 'xai' } }
        : {}),
    })),
    models: {
      // Weights that leave no doubt who is first.
      'gpt-5.5': [{ upstream: 'first', weight: 1_000 }, { upstream: 'second' }],
      'gpt-4': [{ upstream: 'second', model: 'gpt-4-0613' }],
      'claude-opus-4-6': [{ upstream: 'third' }],
    },
  });
  harness.routes = routesOf(file, ({ code }) => `sk-key-of-${code}`);
  client = new OpenAI({ apiKey: 'sk-any', baseURL: harness.baseUrl, maxRetries: 0 });
});
afterAll(async () => {
  await harness.stop();
  await Promise.all(Object.values(providers).map((provider) => provider.stop()));
});
beforeEach(() => {
  harness.reset();
  for (const provider of Object.values(providers)) {
    provider.asked = [];
    provider.answer = ok;
  }
});
/** Chance always draws the first, and no time goes by while providers rest. */
beforeEach(() => {
  jest.spyOn(Math, 'random').mockReturnValue(0);
  jest.spyOn(performance, 'now').mockReturnValue(performance.now());
});
afterEach(() => {
  jest.restoreAllMocks();
});

const end = () => harness.journal.ends[0]?.data;
const counts = () => Object.values(providers).map(({ asked }) => asked.length);
const failure = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

describe('several providers of a model', () => {
  it.each([408, 409, 429, 500, 503])('a %i goes to the next, for one charge', async (status) => {
    providers.first.answer = fails(status);
    const answer = await client.chat.completions.create(hello);
    expect(answer.usage).toMatchObject({ cost: '0.0195' });
    expect(counts()).toEqual([1, 1, 0]);
    expect(harness.journal.ends).toHaveLength(1);
    expect(harness.holds.placed).toHaveLength(1);
    expect(end()).toMatchObject({ upstream: 'second', end: { charge: '0.0195' } });
  });

  it('a connection that breaks before the head goes to the next', async () => {
    providers.first.answer = (response) => {
      response.destroy();
    };
    await client.chat.completions.create(hello);
    expect(counts()).toEqual([1, 1, 0]);
  });

  it.each([
    [400, 400],
    [401, 502],
    [403, 502],
    [404, 502],
    [422, 400],
  ])('a %i is the answer: nobody else is asked', async (status, answered) => {
    providers.first.answer = fails(status);
    expect(await failure(client.chat.completions.create(hello))).toMatchObject({ status: answered });
    expect(counts()).toEqual([1, 0, 0]);
    expect(end()).toMatchObject({ upstream: 'first', end: { kind: 'uncharged' } });
  });

  it('one that sends elsewhere is not followed, for our key would go there', async () => {
    providers.first.answer = (response) => {
      response.writeHead(307, { location: `${providers.second.url}/chat/completions` });
      response.end();
    };
    expect(await failure(client.chat.completions.create(hello))).toMatchObject({ status: 502 });
    expect(counts()).toEqual([1, 0, 0]);
    expect(end()?.end).toEqual({ kind: 'uncharged', reason: 'upstream_failed' });
  });

  it.each([false, true])('none of a provider’s headers reaches the client, streamed: %s', async (stream) => {
    const theirs = ['set-cookie', 'openai-organization', 'x-ratelimit-limit-requests', 'cf-ray', 'server'];
    providers.first.answer = async (response) => {
      for (const name of theirs) response.setHeader(name, 'theirs');
      if (stream) await streams(ordinaryStream())(response);
      else ok(response);
    };
    const answer = await client.chat.completions.create({ ...hello, stream }).asResponse();
    expect(await answer.text()).toContain('Hel');
    expect(theirs.map((name) => answer.headers.get(name))).toEqual(theirs.map(() => null));
  });

  it('a silence is not asked about again elsewhere', async () => {
    harness.upstream.isPatient = false;
    providers.first.answer = () => undefined;
    expect(await failure(client.chat.completions.create(hello))).toMatchObject({ status: 504 });
    expect(counts()).toEqual([1, 0, 0]);
  });

  it('nobody else is asked after the first byte of an answer', async () => {
    providers.first.answer = async (response) => {
      await writes(response, [frame(chunk({ content: 'Hel' }))]);
      response.destroy();
    };
    const stream = await client.chat.completions.create({ ...hello, stream: true });
    const error = await failure(
      (async () => {
        for await (const one of stream) expect(one.object).toBe('chat.completion.chunk');
      })(),
    );
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(counts()).toEqual([1, 0, 0]);
    expect(end()?.end).toMatchObject({ usage: { source: 'counted_partial' } });
  });

  it('the last refusal is answered where all refuse, uncharged', async () => {
    providers.first.answer = fails(500);
    providers.second.answer = fails(429);
    expect(await failure(client.chat.completions.create(hello))).toMatchObject({ status: 503 });
    expect(counts()).toEqual([1, 1, 0]);
    expect(end()).toMatchObject({
      upstream: 'second',
      end: { kind: 'uncharged', reason: 'upstream_rejected' },
    });
  });

  it('each gets its own key and never another’s', async () => {
    providers.first.answer = fails(500);
    await client.chat.completions.create(hello);
    expect(providers.first.asked[0]?.key).toBe('Bearer sk-key-of-first');
    expect(providers.second.asked[0]?.key).toBe('Bearer sk-key-of-second');
  });

  it('one that fails five times in a row is left alone, and the others go on serving', async () => {
    providers.first.answer = fails(500);
    for (let call = 0; call < 8; call += 1) await client.chat.completions.create(hello);
    expect(counts()).toEqual([5, 8, 0]);
  });

  it('where all rest, a call is refused at once and costs nothing', async () => {
    providers.second.answer = fails(500);
    const gpt4 = { ...hello, model: 'gpt-4' };
    for (let call = 0; call < 5; call += 1) await failure(client.chat.completions.create(gpt4));
    harness.journal.ends.length = 0;
    expect(await failure(client.chat.completions.create(gpt4))).toMatchObject({ status: 503 });
    expect(counts()).toEqual([0, 5, 0]);
    expect(end()?.end).toEqual({ kind: 'uncharged', reason: 'upstream_failed' });
  });
});

describe('a model that a provider calls by another name', () => {
  const theirs = (text: string) => text.replaceAll('gpt-5.5', 'gpt-4-0613');

  it('is asked by that name and answers by its own', async () => {
    providers.second.answer = answers(200, completion({ model: 'gpt-4-0613', usage: usageOf(10, 5) }));
    const answer = await client.chat.completions.create({ ...hello, model: 'gpt-4' });
    expect(providers.second.asked[0]?.model).toBe('gpt-4-0613');
    expect(answer.model).toBe('gpt-4');
    expect(end()?.model).toBe('gpt-4');
  });

  it('answers by its own in every chunk of a stream, and what it says stays as it is', async () => {
    const said = 'The field "model":"x" of {"model": "y"} stays.';
    const frames = [frame(chunk({ content: said })), ...ordinaryStream()].map(theirs);
    providers.second.answer = streams(frames);
    const request = {
      ...hello,
      model: 'gpt-4',
      stream: true as const,
      stream_options: { include_usage: true },
    };
    const models = new Set<string>();
    let text = '';
    for await (const one of await client.chat.completions.create(request)) {
      models.add(one.model);
      text += one.choices[0]?.delta.content ?? '';
    }
    expect([...models]).toEqual(['gpt-4']);
    expect(text).toBe(`${said}Hello 世界.`);
  });

  it('does not exist by the name that its provider has for it', async () => {
    expect(await failure(client.chat.completions.create({ ...hello, model: 'gpt-4-0613' }))).toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    expect(harness.holds.placed).toEqual([]);
  });
});

describe('a provider of its own kind', () => {
  it('has its usage read as it writes it', async () => {
    const usage = {
      ...usageOf(50, 20),
      completion_tokens_details: { reasoning_tokens: 50 },
      total_tokens: 120,
    };
    providers.third.answer = answers(200, completion({ usage }));
    await client.chat.completions.create({ ...hello, model: 'claude-opus-4-6' });
    // xAI counts reasoning beside the completion: 70 come out.
    expect(end()).toMatchObject({
      usageFamily: 'xai',
      end: { usage: { tokens: { input: 50, output: 70 } } },
    });
  });

  it('is not asked for what it does not serve', async () => {
    const asked = client.responses.create({ model: 'claude-opus-4-6', input: 'x' });
    expect(await failure(asked)).toMatchObject({ status: 404, code: 'model_not_found' });
    expect(counts()).toEqual([0, 0, 0]);
  });
});
