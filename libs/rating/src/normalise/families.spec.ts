import { describe, expect, it } from '@jest/globals';
import { latestAnthropicUsage } from './anthropic.ts';
import { normaliseOpenAiImages } from './openai-images.ts';
import { normaliseUsage, usageFamilies, type UsageFamily } from './usage-family.ts';

const read = (family: UsageFamily, raw: unknown, outputText = false) => {
  const usage = normaliseUsage(family, raw, { outputText });
  if (!usage.accepted) return `${usage.refusal.reason}: ${usage.refusal.field}`;
  const [{ tokens, units }] = usage.events;
  return { ...tokens, ...units };
};

describe('normaliseUsage', () => {
  it.each(usageFamilies)('%s refuses what is no usage, and what says nothing', (family) => {
    for (const nothing of [undefined, null, 'usage', 5, []])
      expect(read(family, nothing)).toBe('no-usage: usage');
    expect(read(family, {})).toMatch(/^missing-count: /);
  });

  it.each([
    ['anthropic', { input_tokens: '9', output_tokens: 1 }, 'not-a-count: input_tokens'],
    ['anthropic', { input_tokens: 9, output_tokens: -1 }, 'not-a-count: output_tokens'],
    ['anthropic', { input_tokens: 9 }, 'missing-count: output_tokens'],
    ['google', { promptTokenCount: 1.5 }, 'not-a-count: promptTokenCount'],
    ['google', { promptTokenCount: 1, promptTokensDetails: 'TEXT' }, 'not-a-count: promptTokensDetails'],
    ['bedrock', { inputTokens: 9 }, 'missing-count: outputTokens'],
    ['bedrock', { inputTokens: 9, outputTokens: 1, totalTokens: 11 }, 'total-differs: totalTokens'],
    [
      'openai-responses',
      { input_tokens: 9, output_tokens: 1, total_tokens: 9 },
      'total-differs: total_tokens',
    ],
    ['google', { promptTokenCount: 9, totalTokenCount: 10 }, 'total-differs: totalTokenCount'],
  ] as const)('%s refuses a body that cannot be true: %j', (family, raw, refusal) => {
    expect(read(family, raw)).toBe(refusal);
  });

  it.each([
    ['anthropic', { input_tokens: 9, output_tokens: 0 }, 'output_tokens'],
    ['google', { promptTokenCount: 9 }, 'candidatesTokenCount'],
    ['bedrock', { inputTokens: 9, outputTokens: 0 }, 'outputTokens'],
    ['openai-responses', { input_tokens: 9, output_tokens: 0 }, 'output_tokens'],
    ['cohere', { billed_units: { input_tokens: 9 } }, 'billed_units.output_tokens'],
  ] as const)('%s refuses text without tokens', (family, raw, field) => {
    expect(read(family, raw, true)).toBe(`text-without-tokens: ${field}`);
    expect(read(family, raw)).toEqual({ input: 9 });
  });
});

describe('a bound on what was sent', () => {
  const counted = (input: number, inputTokensMax: number) =>
    normaliseUsage('openai-chat', { prompt_tokens: input }, { outputText: false, inputTokensMax });

  it('lets an upstream add half as much again, and no more', () => {
    expect(counted(150, 100)).toMatchObject({ accepted: true });
    expect(counted(151, 100)).toMatchObject({ refusal: { reason: 'more-than-sent', field: 'usage' } });
  });
});

describe('OpenAI and those that speak its form', () => {
  it('keep cache writes of responses apart by lifetime', () => {
    const input_tokens_details = {
      ...{ cached_tokens: 10, cache_write_tokens: 50 },
      cache_write_tokens_details: { ttl_30m_tokens: 30, ttl_12h_tokens: 20 },
    };
    const raw = { input_tokens: 100, input_tokens_details, output_tokens: 7, total_tokens: 107 };
    expect(read('openai-responses', raw)).toEqual({
      ...{ input: 40, cached_input: 10, cache_write: 30, cache_write_12h: 20, output: 7 },
    });
    const untrue = { ...input_tokens_details, cache_write_tokens: 49 };
    expect(read('openai-responses', { ...raw, input_tokens_details: untrue })).toBe(
      'details-differ: input_tokens_details.cache_write_tokens_details',
    );
  });

  it('tell cached audio and cached images by their details', () => {
    const prompt_tokens_details = {
      ...{ audio_tokens: 40, image_tokens: 30, cached_tokens: 50 },
      cached_tokens_details: { audio_tokens: 20, image_tokens: 10 },
    };
    expect(read('openai-chat', { prompt_tokens: 100, prompt_tokens_details })).toEqual({
      ...{ input: 10, cached_input: 20, input_audio: 20, cached_input_audio: 20 },
      ...{ input_image: 20, cached_input_image: 10 },
    });
    const untrue = { ...prompt_tokens_details, cached_tokens_details: { audio_tokens: 41 } };
    expect(read('openai-chat', { prompt_tokens: 100, prompt_tokens_details: untrue })).toBe(
      'details-exceed-total: prompt_tokens_details',
    );
  });

  it.each([
    [
      'cached',
      { audio_tokens: 90, cached_tokens: 64 },
      { cached_input: 10, input_audio: 36, cached_input_audio: 54 },
    ],
    [
      'cached',
      { image_tokens: 90, cached_tokens: 64 },
      { cached_input: 10, input_image: 36, cached_input_image: 54 },
    ],
    ['written', { image_tokens: 90, cache_write_tokens: 95 }, { cache_write: 95, input_image: 5 }],
    [
      'cached and written',
      { image_tokens: 90, cached_tokens: 30, cache_write_tokens: 60 },
      { cache_write: 60, cached_input_image: 30, input_image: 10 },
    ],
  ] as const)('count once what is %s and of a medium', (_, prompt_tokens_details, expected) => {
    expect(read('openai-chat', { prompt_tokens: 100, prompt_tokens_details })).toEqual(expected);
  });

  it('refuse cached tokens that may be of either medium', () => {
    const prompt_tokens_details = { audio_tokens: 45, image_tokens: 45, cached_tokens: 64 };
    expect(read('openai-chat', { prompt_tokens: 100, prompt_tokens_details })).toBe(
      'details-exceed-total: prompt_tokens_details',
    );
  });

  it.each(['cached_tokens', 'num_cached_tokens', 'prompt_cache_hit_tokens'])(
    'know cached tokens as %s',
    (name) => {
      const raw = { prompt_tokens: 100, completion_tokens: 1, [name]: 64 };
      expect(read('mistral', raw)).toEqual({ input: 36, cached_input: 64, output: 1 });
      expect(read('mistral', { ...raw, prompt_tokens_details: { cached_tokens: 63 } })).toBe(
        `details-differ: ${name}`,
      );
    },
  );

  it('mistral: audio comes by the second', () => {
    expect(read('mistral', { prompt_tokens: 9, completion_tokens: 1, prompt_audio_seconds: 12 })).toEqual({
      ...{ input: 9, output: 1, second: 12 },
    });
  });

  it('deepseek: the prompt is hits and misses', () => {
    const raw = {
      prompt_tokens: 100,
      completion_tokens: 1,
      prompt_cache_hit_tokens: 64,
      prompt_cache_miss_tokens: 36,
    };
    expect(read('deepseek', raw)).toEqual({ input: 36, cached_input: 64, output: 1 });
    expect(read('deepseek', { ...raw, prompt_cache_miss_tokens: 35 })).toBe(
      'details-differ: prompt_cache_miss_tokens',
    );
  });

  it('openrouter and xai: what is billed by the piece has no unit', () => {
    const raw = { prompt_tokens: 9, completion_tokens: 1 };
    const server_tool_use = { web_search_requests: 1 };
    expect(read('openrouter', { ...raw, server_tool_use })).toMatch(/^fee-without-unit/);
    expect(read('xai', { ...raw, num_sources_used: 3 })).toBe('fee-without-unit: num_sources_used');
  });

  it('azure: reads the body of whoever made the model', () => {
    expect(read('azure', { prompt_tokens: 9, completion_tokens: 1 })).toEqual({ input: 9, output: 1 });
    expect(read('azure', { input_tokens: 9, output_tokens: 1 })).toEqual({ input: 9, output: 1 });
    const claude = { input_tokens: 9, output_tokens: 1, cache_read_input_tokens: 5 };
    expect(read('azure', claude)).toEqual({ input: 9, cached_input: 5, output: 1 });
  });
});

describe('images', () => {
  const input_tokens_details = { text_tokens: 10, image_tokens: 40 };

  it('are tokens where the model counts them', () => {
    const raw = { input_tokens: 50, input_tokens_details, output_tokens: 1056, total_tokens: 1106 };
    expect(read('openai-images', raw)).toEqual({ input: 10, input_image: 40, output_image: 1056 });
    const output_tokens_details = { text_tokens: 56, image_tokens: 1000 };
    expect(read('openai-images', { ...raw, output_tokens_details })).toEqual({
      ...{ input: 10, input_image: 40, output: 56, output_image: 1000 },
    });
    const untrue = { text_tokens: 57, image_tokens: 1000 };
    expect(read('openai-images', { ...raw, output_tokens_details: untrue })).toBe(
      'details-exceed-total: output_tokens_details',
    );
  });

  it('are pieces where it does not: those that were delivered', () => {
    const usage = normaliseOpenAiImages(undefined, { outputText: false, images: 3 });
    expect(usage).toMatchObject({ accepted: true, events: [{ tokens: {}, units: { image: 3 } }] });
  });

  it('cannot be delivered without tokens by a model that counts them, nor by the half', () => {
    const silent = { input_tokens: 9, output_tokens: 0 };
    expect(normaliseOpenAiImages(silent, { outputText: false, images: 1 })).toMatchObject({
      refusal: { reason: 'images-without-tokens' },
    });
    expect(normaliseOpenAiImages(null)).toMatchObject({ refusal: { reason: 'no-usage' } });
    expect(normaliseOpenAiImages(null, { outputText: false, images: 0.5 })).toMatchObject({
      refusal: { reason: 'not-a-count' },
    });
  });
});

describe('Anthropic', () => {
  const message = { type: 'message', input_tokens: 220, output_tokens: 8 };
  const compaction = { type: 'compaction', input_tokens: 55196, output_tokens: 125 };

  it('adds up compactions, which the top of the body leaves out', () => {
    const raw = { input_tokens: 220, output_tokens: 8, iterations: [compaction, message] };
    expect(read('anthropic', raw)).toEqual({ input: 55416, output: 133 });
  });

  it('refuses parts that do not make up the whole, and work of another model', () => {
    const raw = { input_tokens: 221, output_tokens: 8, iterations: [message] };
    expect(read('anthropic', raw)).toBe('total-differs: iterations');
    const advice = { ...message, type: 'advisor_message', model: 'another' };
    expect(read('anthropic', { ...raw, iterations: [message, advice] })).toBe(
      'tokens-of-another-model: iterations.1',
    );
  });

  it('refuses lifetimes that do not add up, more thinking than output, and searches', () => {
    const raw = { input_tokens: 9, output_tokens: 1 };
    const cache_creation = { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 2 };
    expect(read('anthropic', { ...raw, cache_creation })).toEqual({
      ...{ input: 9, cache_write: 1, cache_write_1h: 2, output: 1 },
    });
    expect(read('anthropic', { ...raw, cache_creation, cache_creation_input_tokens: 4 })).toBe(
      'details-differ: cache_creation',
    );
    expect(read('anthropic', { ...raw, output_tokens_details: { thinking_tokens: 2 } })).toMatch(
      /^details-exceed-total/,
    );
    expect(read('anthropic', { ...raw, server_tool_use: { web_search_requests: 1 } })).toMatch(
      /^fee-without-unit/,
    );
  });

  it('takes the latest word of a stream, and has none where nothing was said', () => {
    expect(
      latestAnthropicUsage([{ input_tokens: 9 }, null, { output_tokens: 5 }, { output_tokens: 7 }]),
    ).toEqual({
      ...{ input_tokens: 9, output_tokens: 7 },
    });
    expect(latestAnthropicUsage([null, {}])).toBeUndefined();
  });
});

describe('Google', () => {
  it('adds thoughts to the output and the prompts of tools to the input', () => {
    const raw = {
      ...{
        promptTokenCount: 85,
        toolUsePromptTokenCount: 132,
        candidatesTokenCount: 28,
        thoughtsTokenCount: 54,
      },
      ...{ totalTokenCount: 299, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 85 }] },
      toolUsePromptTokensDetails: [{ modality: 'AUDIO', tokenCount: 32 }],
    };
    expect(read('google', raw)).toEqual({ input: 185, input_audio: 32, output: 82 });
  });

  it('reads the media of an embedding, which are spelt in another way', () => {
    const promptTokenDetails = [{ modality: 'IMAGE', tokenCount: 5 }];
    expect(read('google', { promptTokenCount: 7, promptTokenDetails })).toEqual({ input: 2, input_image: 5 });
  });

  it('takes images and audio out of the output', () => {
    const candidatesTokensDetails = [
      { modality: 'IMAGE', tokenCount: 1120 },
      { modality: 'AUDIO', tokenCount: 60 },
    ];
    const raw = {
      promptTokenCount: 33,
      candidatesTokenCount: 1780,
      thoughtsTokenCount: 529,
      candidatesTokensDetails,
    };
    expect(read('google', raw)).toEqual({ input: 33, output: 1129, output_audio: 60, output_image: 1120 });
  });

  it.each([
    [
      'promptTokensDetails',
      [{ modality: 'TEXT', tokenCount: 34 }],
      'details-exceed-total: promptTokensDetails',
    ],
    [
      'candidatesTokensDetails',
      [{ modality: 'TEXT', tokenCount: 9 }],
      'details-exceed-total: candidatesTokensDetails',
    ],
    ['cacheTokensDetails', [{ modality: 'TEXT', tokenCount: 1 }], 'details-exceed-total: cacheTokensDetails'],
    [
      'promptTokensDetails',
      [{ modality: 'SMELL', tokenCount: 1 }],
      'unknown-medium: promptTokensDetails.0.modality',
    ],
    [
      'promptTokensDetails',
      [{ modality: 'TEXT', tokenCount: -1 }],
      'not-a-count: promptTokensDetails.0.tokenCount',
    ],
    ['promptTokensDetails', [{ tokenCount: 1 }], 'unknown-medium: promptTokensDetails.0.modality'],
    ['cachedContentTokenCount', 34, 'details-exceed-total: promptTokensDetails'],
  ] as const)('refuses %s that cannot be true', (field, value, refusal) => {
    expect(read('google', { promptTokenCount: 33, candidatesTokenCount: 8, [field]: value })).toBe(refusal);
  });
});

describe('Bedrock', () => {
  const raw = { inputTokens: 3, outputTokens: 227, cacheWriteInputTokens: 1712, totalTokens: 1942 };

  it('keeps writes apart by lifetime', () => {
    const cacheDetails = [
      { inputTokens: 1000, ttl: '1h' },
      { inputTokens: 712, ttl: '5m' },
    ];
    expect(read('bedrock', { ...raw, cacheDetails })).toEqual({
      ...{ input: 3, cache_write: 712, cache_write_1h: 1000, output: 227 },
    });
    const untrue = [...cacheDetails, { inputTokens: 1, ttl: '5m' }];
    expect(read('bedrock', { ...raw, cacheDetails: untrue })).toBe('details-exceed-total: cacheDetails');
  });

  it('hears the same count under two names once', () => {
    expect(read('bedrock', { ...raw, cacheWriteInputTokenCount: 1712 })).toEqual({
      ...{ input: 3, cache_write: 1712, output: 227 },
    });
    expect(read('bedrock', { ...raw, cacheWriteInputTokenCount: 1711 })).toBe(
      'details-differ: cacheWriteInputTokenCount',
    );
  });

  it("reads Anthropic's own form", () => {
    expect(read('bedrock', { input_tokens: 9, output_tokens: 1 })).toEqual({ input: 9, output: 1 });
  });
});

describe('Cohere', () => {
  it('bills its billed units, and searches have no unit', () => {
    const raw = {
      billed_units: { input_tokens: 33, output_tokens: 22 },
      tokens: { input_tokens: 1452 },
      cached_tokens: 144,
    };
    expect(read('cohere', raw)).toEqual({ input: 33, output: 22 });
    expect(read('cohere', { billed_units: { ...raw.billed_units, search_units: 1 } })).toMatch(
      /^fee-without-unit/,
    );
  });
});
