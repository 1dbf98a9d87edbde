import { inputKinds } from '../kinds.ts';
import { normaliseAnthropic } from './anthropic.ts';
import { normaliseBedrock } from './bedrock.ts';
import { normaliseCohere } from './cohere.ts';
import { Counts } from './counts.ts';
import { normaliseGoogle } from './google.ts';
import type { Normalised, Seen } from './impossible-usage.ts';
import {
  normaliseDeepSeek,
  normaliseMistral,
  normaliseOpenAiChat,
  normaliseOpenRouter,
  normaliseXai,
} from './openai-chat.ts';
import { normaliseOpenAiImages } from './openai-images.ts';
import { normaliseOpenAiResponses } from './openai-responses.ts';

/** Turns a usage body into disjoint kinds, or says why it cannot be true. */
export type Normaliser = (raw: unknown, seen?: Seen) => Normalised;

/** Azure serves the bodies of several makers; which one it is can be seen in the body. */
export function normaliseAzure(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  if (counts.has('prompt_tokens')) return normaliseOpenAiChat(raw, seen);
  if (counts.has('cache_read_input_tokens')) return normaliseAnthropic(raw, seen);
  return normaliseOpenAiResponses(raw, seen);
}

const normalisers = {
  'openai-chat': normaliseOpenAiChat,
  'openai-embeddings': normaliseOpenAiChat,
  'openai-responses': normaliseOpenAiResponses,
  'openai-images': normaliseOpenAiImages,
  anthropic: normaliseAnthropic,
  google: normaliseGoogle,
  bedrock: normaliseBedrock,
  azure: normaliseAzure,
  groq: normaliseOpenAiChat,
  mistral: normaliseMistral,
  deepseek: normaliseDeepSeek,
  openrouter: normaliseOpenRouter,
  xai: normaliseXai,
  cohere: normaliseCohere,
} as const satisfies Readonly<Record<string, Normaliser>>;

/** Who wrote a usage body, and in which of its forms. */
export type UsageFamily = keyof typeof normalisers;

/** Every family, for the settings of an upstream. */
export const usageFamilies = Object.keys(normalisers) as readonly UsageFamily[];

/**
 * Turns the usage body of a family into disjoint kinds, or says why it cannot be true. Upstreams add a little to what was
 * sent; half as much again as the most it can have been is not a little.
 */
export function normaliseUsage(family: UsageFamily, raw: unknown, seen?: Seen): Normalised {
  const usage = normalisers[family](raw, seen);
  if (!usage.accepted || seen?.inputTokensMax === undefined) return usage;
  const { tokens } = usage.events[0];
  const input = inputKinds.reduce((sum, kind) => sum + (tokens[kind] ?? 0), 0);
  if (2 * input <= 3 * seen.inputTokensMax) return usage;
  return { accepted: false, refusal: { code: 'impossible-usage', reason: 'more-than-sent', field: 'usage' } };
}
