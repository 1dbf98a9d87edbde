import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inputKinds, outputKinds } from '../kinds.ts';
import { normaliseUsage, type UsageFamily } from './usage-family.ts';

const some = fc.oneof(fc.nat(20), fc.nat(200));
const chat = fc
  .record({
    prompt: some,
    completion: some,
    cached: some,
    written: some,
    audio: some,
    image: some,
    outAudio: some,
  })
  .map(({ prompt, completion, cached, written, audio, image, outAudio }) => ({
    ...{ prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
    prompt_tokens_details: {
      ...{ cached_tokens: cached, cache_write_tokens: written, audio_tokens: audio, image_tokens: image },
    },
    completion_tokens_details: { audio_tokens: outAudio },
  }));

const sum = (counts: readonly (number | undefined)[]) =>
  counts.reduce<number>((total, count) => total + (count ?? 0), 0);
const families: readonly UsageFamily[] = [
  'openai-chat',
  'groq',
  'mistral',
  'deepseek',
  'openrouter',
  'azure',
  'xai',
];

describe('disjoint kinds', () => {
  it.each(families)('%s: are never negative and add up to the prompt and to the completion', (family) => {
    let accepted = 0;
    fc.assert(
      fc.property(chat, (raw) => {
        const usage = normaliseUsage(family, raw);
        if (!usage.accepted) return;
        accepted += 1;
        const { tokens } = usage.events[0];
        expect(Object.values(tokens).every((count) => Number.isSafeInteger(count) && Number(count) > 0)).toBe(
          true,
        );
        expect(sum(inputKinds.map((kind) => tokens[kind]))).toBe(raw.prompt_tokens);
        expect(sum(outputKinds.map((kind) => tokens[kind]))).toBe(raw.completion_tokens);
        // What was read from the cache or written to it is never charged as fresh, nor twice.
        const cached = sum([tokens.cached_input, tokens.cached_input_audio, tokens.cached_input_image]);
        expect(cached).toBe(raw.prompt_tokens_details.cached_tokens);
        expect(tokens.cache_write ?? 0).toBe(raw.prompt_tokens_details.cache_write_tokens);
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it('are refused where a part is more than the whole', () => {
    fc.assert(
      fc.property(chat, (raw) => {
        const { cached_tokens, cache_write_tokens, audio_tokens, image_tokens } = raw.prompt_tokens_details;
        const isImpossible =
          cached_tokens + cache_write_tokens > raw.prompt_tokens ||
          audio_tokens + image_tokens > raw.prompt_tokens;
        fc.pre(isImpossible);
        expect(normaliseUsage('openai-chat', raw).accepted).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
