import { normaliseAnthropic } from './anthropic.ts';
import { Counts } from './counts.ts';
import type { Normalised, Seen } from './impossible-usage.ts';

/**
 * The usage body of Amazon Bedrock, in disjoint kinds. Its Converse form excludes cached tokens from `inputTokens`, as
 * Anthropic does, and includes them in the total; a model of Anthropic that is invoked directly answers in Anthropic's
 * own form.
 */
export function normaliseBedrock(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  if (!counts.has('inputTokens') && counts.has('input_tokens')) return normaliseAnthropic(raw, seen);
  const input = counts.required('inputTokens');
  const output = counts.required('outputTokens');
  const cached = eitherName(counts, 'cacheReadInputTokens', 'cacheReadInputTokenCount');
  const written = eitherName(counts, 'cacheWriteInputTokens', 'cacheWriteInputTokenCount');
  const written1h = writtenFor(counts, '1h');
  const sum = input + output + cached + written;
  counts.require(written1h + writtenFor(counts, '5m') <= written, 'details-exceed-total', 'cacheDetails');
  counts.require((counts.optional('totalTokens') ?? sum) === sum, 'total-differs', 'totalTokens');
  counts.require(output > 0 || !seen.outputText, 'text-without-tokens', 'outputTokens');
  return counts.result({
    ...{ input, cached_input: cached, output },
    ...{ cache_write: written - written1h, cache_write_1h: written1h },
  });
}

/** Bedrock tells the same count under two names; both must say the same. */
function eitherName(counts: Counts, name: string, other: string): number {
  const count = counts.optional(name);
  const again = counts.optional(other);
  counts.require(count === undefined || again === undefined || count === again, 'details-differ', other);
  return count ?? again ?? 0;
}

function writtenFor(counts: Counts, lifetime: '5m' | '1h'): number {
  return counts
    .members('cacheDetails')
    .filter((path) => counts.text(`${path}.ttl`) === lifetime)
    .reduce((sum, path) => sum + counts.count(`${path}.inputTokens`), 0);
}
