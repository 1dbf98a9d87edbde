import { Counts } from './counts.ts';
import type { Normalised, Seen } from './impossible-usage.ts';
import { openAiKinds, responsesSpelling } from './openai-body.ts';

/**
 * The usage body of OpenAI's responses, in disjoint kinds: the chat body with other names, and cache writes by lifetime.
 * What server tools cost by the call is not in it; such requests are refused before they are made.
 */
export function normaliseOpenAiResponses(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  return counts.result(openAiKinds(counts, { spelling: responsesSpelling, reasoningBeside: false }, seen));
}
