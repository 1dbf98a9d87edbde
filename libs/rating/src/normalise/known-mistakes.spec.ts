import { describe, expect, it } from '@jest/globals';
import type { TokenCounts } from '../kinds.ts';
import { type PriceVersion, twoRateFallback } from '../price-version.ts';
import { rate, recompute } from '../rate.ts';
import { latestAnthropicUsage } from './anthropic.ts';
import { normaliseUsage, type UsageFamily } from './usage-family.ts';

/** Mistakes that customers of other systems reported, with the figures of their reports. */
const at = '2026-11-22T08:00:00Z';

const priced = (rates: PriceVersion['rates']): PriceVersion => ({
  ...{
    id: 'prv_1',
    rateCardId: 'standard',
    model: 'any',
    currency: 'USD',
    effectiveFrom: '2026-01-01T00:00:00Z',
  },
  ...{ rates, fallback: { ...twoRateFallback, cached_input_image: 'cached_input', input_image: 'input' } },
  ...{ unitPrices: {}, tiers: [], windows: [] },
});

function kinds(family: UsageFamily, raw: unknown): TokenCounts | string {
  const usage = normaliseUsage(family, raw, { outputText: true });
  return usage.accepted ? usage.events[0].tokens : `${usage.refusal.reason}: ${usage.refusal.field}`;
}

function charge(family: UsageFamily, raw: unknown, rates: PriceVersion['rates']): string {
  const usage = normaliseUsage(family, raw, { outputText: true });
  if (!usage.accepted) return usage.refusal.reason;
  const rated = rate(usage.events[0], priced(rates), at);
  if (!rated.accepted) return rated.refusal.code;
  expect(recompute(rated.events[0].lines)).toBe(rated.events[0].amount);
  return rated.events[0].amount;
}

describe('new-api #5003, #3110, #3259, #3503: input that becomes negative', () => {
  const rates = { input: '1', cached_input: '0.1', output: '5' };

  it('reads 72,960 cached beside an input of 56,322 where the body excludes cached tokens', () => {
    const raw = { input_tokens: 56322, cache_read_input_tokens: 72960, output_tokens: 87 };
    expect(kinds('anthropic', raw)).toEqual({ input: 56322, cached_input: 72960, output: 87 });
    expect(charge('anthropic', raw, rates)).toBe('0.064053');
  });

  it('refuses the same figures where the body includes them', () => {
    const raw = {
      prompt_tokens: 56322,
      completion_tokens: 87,
      prompt_tokens_details: { cached_tokens: 72960 },
    };
    expect(kinds('openai-chat', raw)).toBe('details-exceed-total: prompt_tokens_details');
  });
});

describe('cached tokens that are counted twice', () => {
  it('new-api #7229: charges a cached image once', () => {
    const rates = { input: '1.5', cached_input: '0.15', output: '9' };
    const raw = {
      ...{ promptTokenCount: 24643, cachedContentTokenCount: 24503, candidatesTokenCount: 3110 },
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 2643 },
        { modality: 'IMAGE', tokenCount: 22000 },
      ],
    };
    expect(charge('google', raw, rates)).toBe('0.03187545');
    const cacheTokensDetails = [
      { modality: 'TEXT', tokenCount: 2503 },
      { modality: 'IMAGE', tokenCount: 22000 },
    ];
    expect(kinds('google', { ...raw, cacheTokensDetails })).toEqual({
      ...{ input: 140, cached_input: 2503, cached_input_image: 22000, output: 3110 },
    });
    expect(charge('google', { ...raw, cacheTokensDetails }, rates)).toBe('0.03187545');
  });

  it('langfuse #10592: 17,817 of 17,903 cached leave 86, not 17,903', () => {
    const raw = {
      prompt_tokens: 17903,
      completion_tokens: 1,
      prompt_tokens_details: { cached_tokens: 17817 },
    };
    expect(kinds('openrouter', raw)).toEqual({ input: 86, cached_input: 17817, output: 1 });
  });

  it('langfuse #5568: a repeated request of 1,999 tokens stays 1,999', () => {
    const raw = { prompt_tokens: 1999, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 1792 } };
    expect(kinds('openai-chat', raw)).toEqual({ input: 207, cached_input: 1792, output: 1 });
  });

  it('new-api #4291, Portkey #1210 and #1564: the same call costs the same by every road', () => {
    const rates = { input: '3', cached_input: '0.3', output: '15' };
    const direct = { input_tokens: 100, cache_read_input_tokens: 50, output_tokens: 100 };
    const bedrock = { inputTokens: 100, cacheReadInputTokens: 50, outputTokens: 100, totalTokens: 250 };
    const router = {
      prompt_tokens: 150,
      completion_tokens: 100,
      prompt_tokens_details: { cached_tokens: 50 },
    };
    expect(charge('anthropic', direct, rates)).toBe('0.001815');
    expect(charge('bedrock', bedrock, rates)).toBe('0.001815');
    expect(charge('openrouter', router, rates)).toBe('0.001815');
  });
});

describe('cached tokens that are lost in a stream', () => {
  it('LiteLLM #36168: 15,872 of 16,111 cached cost a quarter of what they would afresh', () => {
    const rates = { input: '0.22', cached_input: '0.05', output: '0.44' };
    const raw = {
      ...{ completion_tokens: 2, prompt_tokens: 16111, total_tokens: 16113 },
      ...{
        completion_tokens_details: { reasoning_tokens: 0 },
        prompt_tokens_details: { cached_tokens: 15872 },
      },
    };
    expect(charge('openai-chat', raw, rates)).toBe('0.00084706');
    expect(charge('openai-chat', { ...raw, prompt_tokens_details: null }, rates)).toBe('0.0035453');
  });

  it('LiteLLM #36083 and new-api #6144: keeps the part that was read from the cache', () => {
    const litellm = {
      prompt_tokens: 1000,
      completion_tokens: 100,
      prompt_tokens_details: { cached_tokens: 600 },
    };
    expect(kinds('openai-chat', litellm)).toEqual({ input: 400, cached_input: 600, output: 100 });
    const details = { cached_tokens: 1792, text_tokens: 0, audio_tokens: 0, image_tokens: 0 };
    const xai = {
      prompt_tokens: 1816,
      completion_tokens: 64,
      total_tokens: 1880,
      prompt_tokens_details: details,
    };
    expect(kinds('xai', xai)).toEqual({ input: 24, cached_input: 1792, output: 64 });
  });

  it('LiteLLM #37923 and #40100: a stream costs what the same answer costs at once, never nothing', () => {
    const rates = { input: '5', output: '25' };
    const streamed = latestAnthropicUsage([
      { input_tokens: 9, cache_read_input_tokens: 0, output_tokens: 1 },
      { output_tokens: 120 },
      { output_tokens: 332, cache_read_input_tokens: null },
    ]);
    const whole = { input_tokens: 9, cache_read_input_tokens: 0, output_tokens: 332 };
    expect(charge('anthropic', streamed, rates)).toBe('0.008345');
    expect(charge('anthropic', whole, rates)).toBe('0.008345');
    expect(charge('anthropic', streamed, { input: '5' })).toBe('unpriced-kind');
  });
});

describe('writes to a cache that are charged at another rate', () => {
  it('new-api #5756: 2,805 written tokens are charged though no lifetime is told', () => {
    const rates = { input: '1.75', output: '8.75', cached_input: '0.175', cache_write: '2.1875' };
    const raw = {
      ...{ input_tokens: 24951, output_tokens: 854 },
      ...{ cache_read_input_tokens: 64126, cache_creation_input_tokens: 2805 },
    };
    expect(charge('anthropic', raw, rates)).toBe('0.0684947375');
  });

  it('LiteLLM #31724: 4,803 tokens written for an hour cost the rate of an hour', () => {
    const rates = { input: '3', output: '15', cache_write: '3.75', cache_write_1h: '6' };
    const cache_creation = { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 4803 };
    const raw = { input_tokens: 15, output_tokens: 47, cache_creation_input_tokens: 4803, cache_creation };
    expect(kinds('anthropic', raw)).toEqual({ input: 15, cache_write_1h: 4803, output: 47 });
    expect(charge('anthropic', raw, rates)).toBe('0.029568');
  });
});

describe('reasoning', () => {
  it('LiteLLM #18599: 768 of 977 reasoned, and all 977 are charged', () => {
    const raw = {
      prompt_tokens: 10,
      completion_tokens: 977,
      completion_tokens_details: { reasoning_tokens: 768 },
    };
    expect(kinds('openai-chat', raw)).toEqual({ input: 10, output: 977 });
  });

  it('xAI counts it beside the completion: 50 and 20 are 70', () => {
    const raw = {
      ...{ prompt_tokens: 30, completion_tokens: 50, total_tokens: 100 },
      completion_tokens_details: { reasoning_tokens: 20 },
    };
    expect(kinds('xai', raw)).toEqual({ input: 30, output: 70 });
    expect(kinds('openai-chat', raw)).toBe('total-differs: total_tokens');
  });
});

describe('text without tokens', () => {
  it('OpenRouter and new-api #7062: an answer that says it used nothing waits for a person', () => {
    expect(kinds('openrouter', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })).toBe(
      'text-without-tokens: completion_tokens',
    );
  });
});
