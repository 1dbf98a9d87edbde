import type { TokenCounts } from '../kinds.ts';
import { addTokens, Counts } from './counts.ts';
import type { Normalised, Seen } from './impossible-usage.ts';

/**
 * The usage body of Anthropic's messages, in disjoint kinds. There `input_tokens` excludes what was read from the cache
 * and written to it; a write without a lifetime lives five minutes. Thinking lies inside `output_tokens`.
 * A compaction is work of the same model that the top of the body leaves out, so the parts are added up; a part that
 * another model did has another price, so it is refused. Searches of the web are a fee without a unit.
 */
export function normaliseAnthropic(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  const whole = partOf(counts, '');
  const thinking = 'output_tokens_details.thinking_tokens';
  counts.require(counts.count(thinking) <= whole.output, 'details-exceed-total', thinking);
  counts.require(whole.output > 0 || !seen.outputText, 'text-without-tokens', 'output_tokens');
  counts.requireNoFee('server_tool_use.web_search_requests');
  return counts.result(addTokens(whole, compactions(counts, whole)));
}

/**
 * The usage that a stream of messages told: `message_start` has the input, and every `message_delta` replaces what it
 * names, for its counts are sums already. Adding them up would charge the same tokens again.
 */
export function latestAnthropicUsage(told: readonly unknown[]): unknown {
  const latest: Record<string, unknown> = {};
  for (const usage of told) {
    if (typeof usage !== 'object' || usage === null) continue;
    for (const [field, value] of Object.entries(usage)) {
      if (value !== undefined && value !== null) latest[field] = value;
    }
  }
  return Object.keys(latest).length === 0 ? undefined : latest;
}

/** The kinds that a message or a part of one tells. */
type Part = Readonly<Record<'input' | 'cached_input' | 'cache_write' | 'cache_write_1h' | 'output', number>>;

function partOf(counts: Counts, at: string): Part {
  const lifetimes = `${at}cache_creation`;
  const written1h = counts.count(`${lifetimes}.ephemeral_1h_input_tokens`);
  const written5m = counts.count(`${lifetimes}.ephemeral_5m_input_tokens`);
  const written = counts.optional(`${at}cache_creation_input_tokens`) ?? written5m + written1h;
  const told = counts.has(lifetimes) ? written5m + written1h : written;
  counts.require(told === written, 'details-differ', lifetimes);
  return {
    input: counts.required(`${at}input_tokens`),
    cached_input: counts.count(`${at}cache_read_input_tokens`),
    cache_write: written - written1h,
    cache_write_1h: written1h,
    output: counts.required(`${at}output_tokens`),
  };
}

function compactions(counts: Counts, whole: Part): TokenCounts {
  let messages: TokenCounts = {};
  let compacted: TokenCounts = {};
  const parts = counts.members('iterations');
  for (const path of parts) {
    const type = counts.text(`${path}.type`);
    const part = partOf(counts, `${path}.`);
    counts.require(type === 'message' || type === 'compaction', 'tokens-of-another-model', path);
    if (type === 'compaction') compacted = addTokens(compacted, part);
    else messages = addTokens(messages, part);
  }
  const isWhole = kindsOfPart.every((kind) => messages[kind] === whole[kind]);
  counts.require(parts.length === 0 || isWhole, 'total-differs', 'iterations');
  return compacted;
}

const kindsOfPart = ['input', 'cached_input', 'cache_write', 'cache_write_1h', 'output'] as const;
