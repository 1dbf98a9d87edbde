import { Counts } from './counts.ts';
import type { Normalised, Seen } from './impossible-usage.ts';
import { chatSpelling, type Dialect, openAiKinds } from './openai-body.ts';

const openAi: Dialect = { spelling: chatSpelling, reasoningBeside: false };

/**
 * The usage body of OpenAI's chat completions, completions and embeddings, in disjoint kinds.
 * There `prompt_tokens` holds cached and cache-write tokens too, `completion_tokens` reasoning and rejected predictions;
 * cached tokens that are not told apart by medium are taken as text. What cannot be true is refused, never mended.
 * Groq and most compatible upstreams speak it as it is.
 */
export function normaliseOpenAiChat(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  return counts.result(openAiKinds(counts, openAi, seen));
}

/** OpenRouter's body: OpenAI's, with searches of the web beside the tokens, for which there is no unit. */
export function normaliseOpenRouter(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  const tokens = openAiKinds(counts, openAi, seen);
  counts.requireNoFee('server_tool_use.web_search_requests');
  return counts.result(tokens);
}

/** DeepSeek's body: the prompt is what its cache held and what it did not. */
export function normaliseDeepSeek(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  const tokens = openAiKinds(counts, openAi, seen);
  const miss = counts.optional('prompt_cache_miss_tokens');
  const fresh = counts.count('prompt_tokens') - counts.count('prompt_cache_hit_tokens');
  counts.require(miss === undefined || miss === fresh, 'details-differ', 'prompt_cache_miss_tokens');
  return counts.result(tokens);
}

/** Mistral's body: cached tokens under another name, and audio by the second. */
export function normaliseMistral(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  const tokens = openAiKinds(counts, openAi, seen);
  return counts.result(tokens, { second: counts.count('prompt_audio_seconds') });
}

/** xAI's body: reasoning is counted beside `completion_tokens`, and is output all the same; sources are a fee. */
export function normaliseXai(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  const tokens = openAiKinds(counts, { ...openAi, reasoningBeside: true }, seen);
  counts.requireNoFee('num_sources_used');
  return counts.result(tokens);
}
