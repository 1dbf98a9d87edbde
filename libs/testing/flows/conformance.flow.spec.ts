import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { ChatOpenAI, DallEAPIWrapper, OpenAIEmbeddings } from '@langchain/openai';
import { Money } from '@app/money';
import { closeGrpc } from '@app/transport';
import { embedMany, generateImage, generateText, jsonSchema, streamText, tool, type ToolSet } from 'ai';
import OpenAI from 'openai';
import { eventually } from '../src/eventually.ts';
import { type Customer, Customers, errorOf } from './customers.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

/** Clients that nobody here wrote, as they are published, against all services. */
let platform: RunningPlatform;
let customers: Customers;
let customer: Customer;
let baseURL: string;

beforeAll(async () => {
  platform = await runningPlatform('conformance');
  customers = new Customers(platform);
  customer = await customers.aCustomer({ paid: '200' });
  baseURL = `${customers.gatewayUrl}/v1`;
  await customers.publish({ model: 'text-embedding-3-small', rates: { input: '0.14' } }, customer.key);
  await customers.publish({ model: 'midjourney', rates: {}, unitPrices: { image: '0.2' } }, customer.key);
}, 180_000);
afterAll(async () => {
  closeGrpc(customers.ledger);
  await platform.stop();
}, 60_000);

/** 100 × 2.5 and 10 × 15 per million. */
const cost = '0.0004';
const asked = 'usage=100/10 hello';
const said = /^Prepaid means that the money is there/;
const weather = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
};
const costIn = (usage: unknown) => (usage as { readonly cost?: string } | null | undefined)?.cost;

describe('openai for Node', () => {
  const chat = (content = asked) => ({
    model: 'gpt-5.5',
    max_completion_tokens: 100,
    messages: [{ role: 'user' as const, content }],
  });

  it('chats, whole and streamed', async () => {
    const { openai } = customer;
    const whole = await openai.chat.completions.create(chat());
    expect(whole.choices[0]?.message.content).toMatch(said);
    expect(costIn(whole.usage)).toBe(cost);
    const stream = openai.chat.completions.stream({ ...chat(), stream_options: { include_usage: true } });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.message.content).toMatch(said);
    expect(costIn(final.usage)).toBe(cost);
  });

  it('calls tools, whole and streamed', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: weather } }];
    const request = { ...chat(`${asked} tool`), tools };
    const whole = await customer.openai.chat.completions.create(request);
    const [call] = whole.choices[0]?.message.tool_calls ?? [];
    expect(call).toMatchObject({ function: { name: 'weather', arguments: '{"city":"广州"}' } });
    const final = await customer.openai.chat.completions.stream(request).finalChatCompletion();
    expect(final.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'weather', arguments: '{"city":"广州"}' },
    });
  });

  it('makes responses, whole and streamed', async () => {
    const request = { model: 'gpt-5.5', input: asked, max_output_tokens: 100 };
    const whole = await customer.openai.responses.create(request);
    expect(whole.output_text).toMatch(said);
    expect(costIn(whole.usage)).toBe(cost);
    const final = await customer.openai.responses.stream(request).finalResponse();
    expect(final.output_text).toMatch(said);
    expect(costIn(final.usage)).toBe(cost);
  });

  it('embeds, paints and lists models', async () => {
    const vectors = await customer.openai.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['a', 'b'],
    });
    expect(vectors.data).toHaveLength(2);
    const pictures = await customer.openai.images.generate({ model: 'midjourney', prompt: 'A lantern.' });
    expect(pictures.data?.[0]?.url).toBe('https://pictures.example/1.png');
    expect(costIn(pictures.usage)).toBe('0.2');
    const models = [];
    for await (const { id } of customer.openai.models.list()) models.push(id);
    expect(models).toEqual(expect.arrayContaining(['gpt-5.5', 'midjourney', 'text-embedding-3-small']));
  });

  it('throws for a stream that its provider broke off, in chat and in responses', async () => {
    const reading = async (stream: Promise<AsyncIterable<unknown>>) => {
      for await (const event of await stream) expect(event).toBeDefined();
    };
    const { openai } = customer;
    expect(
      await errorOf(() => reading(openai.chat.completions.create({ ...chat('cut'), stream: true }))),
    ).toBeInstanceOf(OpenAI.APIError);
    const response = { model: 'gpt-5.5', input: 'cut', max_output_tokens: 100, stream: true as const };
    expect(await errorOf(() => reading(openai.responses.create(response)))).toBeInstanceOf(OpenAI.APIError);
  });
});

describe('@anthropic-ai/sdk', () => {
  const message = (content = asked) => ({
    model: 'gpt-5.5',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content }],
  });
  const client = () => new Anthropic({ apiKey: customer.key, baseURL: customers.gatewayUrl, maxRetries: 0 });

  it('makes messages, whole and streamed', async () => {
    const whole = await client().messages.create(message());
    expect(whole.content[0]).toMatchObject({ type: 'text', text: expect.stringMatching(said) });
    expect(whole.usage).toMatchObject({ input_tokens: 100, output_tokens: 10, cost });
    const stream = client().messages.stream(message());
    const final = await stream.finalMessage();
    expect(final.content[0]).toMatchObject({ type: 'text', text: expect.stringMatching(said) });
    expect(final.stop_reason).toBe('end_turn');
  });

  it('counts the tokens of a message without a call', async () => {
    const { model, messages } = message();
    const { input_tokens: few } = await client().messages.countTokens({ model, messages });
    const { input_tokens: more } = await client().messages.countTokens({
      model,
      messages,
      system: said.source,
    });
    expect(few).toBeGreaterThan(0);
    expect(more).toBeGreaterThan(few);
  });

  it('calls tools', async () => {
    const tools = [{ name: 'weather', input_schema: weather }];
    const { content } = await client().messages.create({ ...message(`${asked} tool`), tools });
    expect(content).toMatchObject([{ type: 'tool_use', name: 'weather', input: { city: '广州' } }]);
  });

  it('lists models', async () => {
    const models = [];
    for await (const { id, type, display_name: name } of client().models.list())
      models.push({ id, type, name });
    expect(models).toContainEqual({ id: 'gpt-5.5', type: 'model', name: 'gpt-5.5' });
    expect(await client().models.retrieve('gpt-5.5')).toMatchObject({ id: 'gpt-5.5', type: 'model' });
    expect(await errorOf(() => client().models.retrieve('gpt-4-32k') as Promise<unknown>)).toBeInstanceOf(
      Anthropic.NotFoundError,
    );
  });

  it('understands every error', async () => {
    const wrong = new Anthropic({ apiKey: 'sk-wrong', baseURL: customers.gatewayUrl, maxRetries: 0 });
    expect(await errorOf(() => wrong.messages.create(message()) as Promise<unknown>)).toBeInstanceOf(
      Anthropic.AuthenticationError,
    );
    const unknown = { ...message(), model: 'gpt-4-32k' };
    expect(await errorOf(() => client().messages.create(unknown) as Promise<unknown>)).toBeInstanceOf(
      Anthropic.NotFoundError,
    );
    const poor = await customers.aCustomer({ paid: '0' });
    const empty = new Anthropic({ apiKey: poor.key, baseURL: customers.gatewayUrl });
    expect(await errorOf(() => empty.messages.create(message()) as Promise<unknown>)).toMatchObject({
      status: 402,
      error: { error: { type: 'billing_error' } },
    });
    const cut = await errorOf(() => client().messages.stream(message('cut')).finalMessage());
    expect(cut).toBeInstanceOf(Anthropic.APIError);
  });
});

describe('@langchain/openai', () => {
  const model = () =>
    new ChatOpenAI({
      ...{ model: 'gpt-5.5', apiKey: customer.key, maxTokens: 100, maxRetries: 0, streamUsage: true },
      configuration: { baseURL },
    });

  it('invokes, streams, calls tools and embeds', async () => {
    const answer = await model().invoke(asked);
    expect(answer.text).toMatch(said);
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 100, output_tokens: 10 });
    let text = '';
    for await (const chunk of await model().stream(asked)) text += chunk.text;
    expect(text).toMatch(said);
    const tools = [{ type: 'function', function: { name: 'weather', parameters: weather } }];
    const { tool_calls: calls } = await model().bindTools(tools).invoke(`${asked} tool`);
    expect(calls).toMatchObject([{ name: 'weather', args: { city: '广州' } }]);
    const embeddings = new OpenAIEmbeddings({
      ...{ model: 'text-embedding-3-small', apiKey: customer.key, encodingFormat: 'float' },
      configuration: { baseURL },
    });
    expect(await embeddings.embedDocuments(['a', 'b'])).toHaveLength(2);
  });

  it('paints', async () => {
    const painter = new DallEAPIWrapper({ model: 'midjourney', apiKey: customer.key, baseUrl: baseURL });
    expect(await painter.invoke('A lantern.')).toBe('https://pictures.example/1.png');
  });

  it('asks for responses, whole and streamed', async () => {
    const responses = new ChatOpenAI({
      ...{ model: 'gpt-5.5', apiKey: customer.key, maxTokens: 100, maxRetries: 0, useResponsesApi: true },
      configuration: { baseURL },
    });
    const answer = await responses.invoke(asked);
    expect(answer.text).toMatch(said);
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 100, output_tokens: 10 });
    let text = '';
    for await (const chunk of await responses.stream(asked)) text += chunk.text;
    expect(text).toMatch(said);
  });

  it('understands every error', async () => {
    const failing = (work: ChatOpenAI, content = asked) => errorOf(() => work.invoke(content));
    const as = (apiKey: string, name = 'gpt-5.5') =>
      new ChatOpenAI({ model: name, apiKey, maxTokens: 100, maxRetries: 0, configuration: { baseURL } });
    const poor = await customers.aCustomer({ paid: '0' });
    expect(await failing(as('sk-wrong'))).toMatchObject({ status: 401 });
    expect(await failing(as(customer.key, 'gpt-4-32k'))).toMatchObject({ status: 404 });
    expect(await failing(as(poor.key))).toMatchObject({ status: 429, code: 'insufficient_quota' });
    const reading = async () => {
      for await (const chunk of await model().stream('cut')) expect(chunk).toBeDefined();
    };
    expect(await errorOf(reading)).toBeDefined();
  });
});

describe('ai and @ai-sdk/openai-compatible', () => {
  const provider = () =>
    createOpenAICompatible({ name: 'haoli', baseURL, apiKey: customer.key, includeUsage: true });

  it('generates, streams, calls tools and embeds', async () => {
    const model = provider()('gpt-5.5');
    const whole = await generateText({ model, prompt: asked, maxOutputTokens: 100 });
    expect(whole.text).toMatch(said);
    expect(whole.usage).toMatchObject({ inputTokens: 100, outputTokens: 10 });
    const stream = streamText({ model, prompt: asked, maxOutputTokens: 100 });
    expect(await stream.text).toMatch(said);
    expect(await stream.finishReason).toBe('stop');
    const inputSchema = jsonSchema<{ city: string }>(weather);
    // The library's own types do not fit each other under exactOptionalPropertyTypes.
    const tools = { weather: tool({ description: 'The weather.', inputSchema }) } as unknown as ToolSet;
    const called = await generateText({ model, tools, prompt: `${asked} tool`, maxOutputTokens: 100 });
    expect(called.toolCalls).toMatchObject([{ toolName: 'weather', input: { city: '广州' } }]);
    const embedding = provider().embeddingModel('text-embedding-3-small');
    expect((await embedMany({ model: embedding, values: ['a', 'b'] })).embeddings).toHaveLength(2);
  });

  it('paints', async () => {
    const { image } = await generateImage({
      model: provider().imageModel('midjourney'),
      prompt: 'A lantern, inline.',
    });
    expect(image.base64.length).toBeGreaterThan(0);
  });

  it('understands every error', async () => {
    const failing = (apiKey: string, name = 'gpt-5.5') => {
      const model = createOpenAICompatible({ name: 'haoli', baseURL, apiKey })(name);
      return errorOf(() => generateText({ model, prompt: asked, maxOutputTokens: 100, maxRetries: 0 }));
    };
    const poor = await customers.aCustomer({ paid: '0' });
    expect(await failing('sk-wrong')).toMatchObject({ statusCode: 401, isRetryable: false });
    expect(await failing(customer.key, 'gpt-4-32k')).toMatchObject({ statusCode: 404, isRetryable: false });
    const empty = await failing(poor.key);
    expect(empty).toMatchObject({ statusCode: 429, data: { error: { code: 'insufficient_quota' } } });
    const errors: unknown[] = [];
    const cut = streamText({
      ...{ model: provider()('gpt-5.5'), prompt: 'cut', maxOutputTokens: 100, maxRetries: 0 },
      onError: ({ error }) => errors.push(error),
    });
    await cut.consumeStream();
    expect(errors).toHaveLength(1);
  });
});

const python = process.env['HAOLI_PYTHON'] ?? 'python3';
const hasClient = spawnSync(python, ['-c', 'import openai']).status === 0;

describe('openai for Python', () => {
  // The test command installs it where there is a Python with venv; HAOLI_PYTHON names another that has it.
  (hasClient ? it : it.skip)(
    'chats, streams, makes responses, embeds, paints, lists, and understands errors',
    () => {
      const script = join(import.meta.dirname, 'openai_client.py');
      const { stdout, stderr } = spawnSync(python, [script, baseURL, customer.key], { encoding: 'utf8' });
      expect(stderr).toBe('');
      const answer = { text: expect.stringMatching(said), cost };
      expect(JSON.parse(stdout)).toEqual({
        ...{ whole: answer, stream: answer, response: answer, response_stream: answer },
        ...{ embeddings: { count: 2 }, images: { count: 1 } },
        models: expect.arrayContaining(['gpt-5.5']),
        not_found: { class: 'NotFoundError', code: 'model_not_found' },
        tool: { name: 'weather', arguments: '{"city":"广州"}' },
        bad_key: { class: 'AuthenticationError', code: 'invalid_api_key' },
        cut: { class: 'APIError', code: 'upstream_error' },
      });
    },
    60_000,
  );
});

describe('NextChat', () => {
  /** What it asks for a balance, and how it reads the answers. */
  const balance = async (key: string) => {
    const [used, subscription] = await Promise.all([
      customers.ask('/v1/dashboard/billing/usage?start_date=2020-01-01&end_date=2030-01-01', key),
      customers.ask('/v1/dashboard/billing/subscription', key),
    ]);
    if (used.status === 401) throw new Error('Unauthorized');
    return {
      used: Math.round(Number(used.body['total_usage'])) / 100,
      total: Math.round(Number(subscription.body['hard_limit_usd']) * 100) / 100,
    };
  };

  it('shows what was used and what there is', async () => {
    const fresh = await customers.aCustomer({ paid: '7' });
    expect(await balance(fresh.key)).toEqual({ used: 0, total: 7 });
  });
});

describe('a thousand calls of OpenAI’s client, and every fifth of Anthropic’s beside them', () => {
  const calls = 1_250;
  const callers = 20;

  it('cost the same in every answer, on every usage line, and in the ledger, to the last digit', async () => {
    const payer = await customers.aCustomer({ paid: '50' });
    const shown: string[] = [];
    await Promise.all(
      Array.from({ length: callers }, async (_none, caller) => {
        for (let at = caller; at < calls; at += callers) shown.push(await oneCall(payer, at));
      }),
    );
    const lines = await eventually(
      () => linesOf(payer),
      (all) => all.length === calls,
    );
    expect([...lines].sort()).toEqual([...shown].sort());
    const { paid } = await eventually(
      () => customers.ledger.GetBalance({ customerId: payer.customerId, asOf: '' }),
      (balance) => balance.held === '0',
    );
    expect(paid).toBe(Money.of('50', 'CNY').minus(sumOf(shown)).toText());
    expect((await settledOf(payer)).sort()).toEqual([...shown].sort());
  }, 300_000);

  /** One call of five kinds in turn, and the charge that its answer shows. */
  async function oneCall({ openai, key }: Customer, at: number): Promise<string> {
    const content = `usage=${String(100 + 7 * at)}/${String(10 + (at % 1_000))}`;
    const model = 'gpt-5.5';
    const chat = { model, max_completion_tokens: 1_100, messages: [{ role: 'user' as const, content }] };
    if (at % 5 === 0) return String(costIn((await openai.chat.completions.create(chat)).usage));
    if (at % 5 === 1) {
      const response = await openai.responses.create({ model, input: content, max_output_tokens: 1_100 });
      return String(costIn(response.usage));
    }
    if (at % 5 === 2) {
      const client = new Anthropic({ apiKey: key, baseURL: customers.gatewayUrl });
      const message = { model, max_tokens: 1_100, messages: chat.messages };
      return String(costIn((await client.messages.create(message)).usage));
    }
    if (at % 5 === 3) {
      const final = await openai.responses
        .stream({ model, input: content, max_output_tokens: 1_100 })
        .finalResponse();
      return String(costIn(final.usage));
    }
    const options = { ...chat, stream_options: { include_usage: true } };
    const final = await openai.chat.completions.stream(options).finalChatCompletion();
    return String(costIn(final.usage));
  }

  async function linesOf({ key }: Customer): Promise<readonly string[]> {
    const amounts: string[] = [];
    for (let page = ''; ;) {
      const { body } = await customers.ask(`/v1/usage/calls?limit=500${page}`, key);
      amounts.push(...(body['data'] as { amount: { value: string } }[]).map(({ amount }) => amount.value));
      if (typeof body['next_page'] !== 'string') return amounts;
      page = `&page=${encodeURIComponent(body['next_page'])}`;
    }
  }

  /** What was collected and what was not of each call, added up. */
  async function settledOf({ customerId: bookId }: Customer): Promise<string[]> {
    const amounts: string[] = [];
    for (let cursor = ''; ;) {
      const { entries, nextCursor } = await customers.ledger.ListEntries({ bookId, pageSize: 500, cursor });
      const settled = entries.filter(({ kind }) => kind === 'settle');
      amounts.push(...settled.map(({ postings }) => sumOf(postings.map(({ amount }) => amount)).toText()));
      if (nextCursor === '') return amounts;
      cursor = nextCursor;
    }
  }

  const sumOf = (amounts: readonly string[]): Money =>
    Money.sum(
      amounts.map((amount) => Money.of(amount, 'CNY')),
      'CNY',
    );
});
