import { describe, expect, it } from '@jest/globals';
import { OpenAiError } from '../openai/openai-error.ts';
import { chatProviderBody, readChatRequest } from './chat-request.ts';

const hello = { model: 'gpt-5.5', messages: [{ role: 'user', content: 'Hello.' }] };
const refused = (body: unknown) => {
  try {
    readChatRequest(body);
  } catch (error) {
    if (error instanceof OpenAiError) return error.details;
    throw error;
  }
  return undefined;
};

describe('readChatRequest', () => {
  it('reads what admission needs', () => {
    expect(readChatRequest({ ...hello, stream: true, n: 2, max_completion_tokens: 100 })).toMatchObject({
      model: 'gpt-5.5',
      stream: true,
      wantsUsage: false,
      choices: 2,
      outputTokensWanted: 100,
    });
  });

  it('bounds the input by its bytes, for a token has at least one', () => {
    const text = '汉'.repeat(1_000);
    const { inputTokensBound } = readChatRequest({ model: 'm', messages: [{ role: 'user', content: text }] });
    expect(inputTokensBound).toBeGreaterThanOrEqual(3_000);
    expect(inputTokensBound).toBeLessThan(3_200);
  });

  it('bounds a picture by the most that any model charges for one, not by its bytes', () => {
    const picture = {
      type: 'image_url',
      image_url: { url: `data:image/png;base64,${'A'.repeat(1_000_000)}` },
    };
    const { inputTokensBound } = readChatRequest({
      model: 'm',
      messages: [{ role: 'user', content: [picture, picture] }],
    });
    expect(inputTokensBound).toBeGreaterThanOrEqual(100_000);
    expect(inputTokensBound).toBeLessThan(101_000);
  });

  it('counts text as input that only looks like a picture', () => {
    const url = `data:image/png;base64,${'word '.repeat(10_000)}`;
    const hiding = [
      { ...hello, tools: [{ type: 'function', function: { name: 'f', parameters: { url } } }] },
      { ...hello, messages: [{ role: 'user', content: [{ type: 'text', text: 'x', url }] }] },
      { ...hello, messages: [{ role: 'user', content: 'x', url }] },
      { ...hello, response_format: { type: 'json_schema', json_schema: { url } } },
    ];
    for (const body of hiding) expect(readChatRequest(body).inputTokensBound).toBeGreaterThan(50_000);
  });

  it.each([
    [undefined, null, null],
    [{}, 'model', null],
    [{ ...hello, model: 'a b' }, 'model', null],
    [{ model: 'm', messages: [] }, 'messages', null],
    [{ model: 'm', messages: [{ role: 1 }] }, 'messages[0].role', null],
    [{ ...hello, n: 9 }, 'n', null],
    [{ ...hello, max_tokens: 0 }, 'max_tokens', null],
    [{ ...hello, max_tokens: '10' }, 'max_tokens', null],
    [{ ...hello, stream: 'yes' }, 'stream', null],
    [{ ...hello, max_tokens: 9_000, max_completion_tokens: 1 }, 'max_tokens', null],
    [{ ...hello, best_of: 20 }, 'best_of', 'unsupported_parameter'],
    [{ ...hello, service_tier: 'priority' }, 'service_tier', 'unsupported_parameter'],
    [{ ...hello, web_search_options: {} }, 'web_search_options', 'unsupported_parameter'],
    [{ ...hello, modalities: ['text', 'audio'] }, 'modalities', 'unsupported_parameter'],
    [{ ...hello, store: true }, 'store', 'unsupported_parameter'],
    [
      { model: 'm', messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
      'messages[0].content[0].type',
      'unsupported_value',
    ],
  ])('refuses %j and names %s', (body, param, code) => {
    expect(refused(body)).toMatchObject({ status: 400, type: 'invalid_request_error', param, code });
  });

  it('refuses a body that is nested without end', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    expect(refused({ ...hello, metadata: deep })).toMatchObject({ status: 400, param: null });
  });
});

describe('chatProviderBody', () => {
  it('keeps every field and asks a stream for its usage', () => {
    const body = { ...hello, stream: true, temperature: 0.2, stream_options: { include_obfuscation: false } };
    expect(
      JSON.parse(chatProviderBody(readChatRequest(body), { outputTokensMax: undefined }, 'gpt-5.5')),
    ).toEqual({
      ...body,
      stream_options: { include_obfuscation: false, include_usage: true },
    });
  });

  it('adds nothing to a request that does not stream', () => {
    expect(
      JSON.parse(chatProviderBody(readChatRequest(hello), { outputTokensMax: undefined }, 'gpt-5.5')),
    ).toEqual(hello);
  });

  it.each([
    ['max_tokens', { max_tokens: 7 }],
    ['max_completion_tokens', {}],
  ])('writes a limit as %s', (name, given) => {
    const text = chatProviderBody(readChatRequest({ ...hello, ...given }), { outputTokensMax: 5 }, 'gpt-5.5');
    expect(JSON.parse(text)).toEqual({ ...hello, [name]: 5 });
  });

  it('sends the one model that was priced, whatever the client wrote twice', () => {
    const text = '{"model":"cheap","model":"dear","messages":[{"role":"user","content":"x"}]}';
    const request = readChatRequest(JSON.parse(text));
    expect(request.model).toBe('dear');
    expect(chatProviderBody(request, { outputTokensMax: undefined }, request.model)).not.toContain('cheap');
  });
});
