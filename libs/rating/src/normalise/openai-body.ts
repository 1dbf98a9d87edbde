import type { TokenCounts } from '../kinds.ts';
import type { Counts } from './counts.ts';
import type { Seen } from './impossible-usage.ts';
import { inputKindsOf } from './input-kinds.ts';

/** What one of OpenAI's two spellings of the same body calls its fields. */
interface Spelling {
  readonly input: string;
  readonly inputDetails: string;
  readonly output: string;
  readonly outputDetails: string;
}

/** Chat completions, completions and embeddings. */
export const chatSpelling: Spelling = {
  input: 'prompt_tokens',
  inputDetails: 'prompt_tokens_details',
  output: 'completion_tokens',
  outputDetails: 'completion_tokens_details',
};

/** Responses and images. */
export const responsesSpelling: Spelling = {
  input: 'input_tokens',
  inputDetails: 'input_tokens_details',
  output: 'output_tokens',
  outputDetails: 'output_tokens_details',
};

/** How a dialect of the body differs from OpenAI's own. */
export interface Dialect {
  readonly spelling: Spelling;
  /** True where reasoning is counted beside the output and not inside it. */
  readonly reasoningBeside: boolean;
}

/**
 * The kinds of a body in OpenAI's form. Its input holds cached and written tokens, its output reasoning and rejected
 * predictions; the total is both. What cannot be true is remembered in `counts`.
 */
export function openAiKinds(counts: Counts, { spelling, reasoningBeside }: Dialect, seen: Seen): TokenCounts {
  const input = counts.required(spelling.input);
  const inputKinds = inputOf(counts, spelling, input);
  const inside = counts.count(spelling.output);
  const beside = reasoningBeside ? counts.count(`${spelling.outputDetails}.reasoning_tokens`) : 0;
  const outputKinds = outputOf(counts, spelling, { inside, beside });
  const total = counts.optional('total_tokens') ?? input + inside + beside;
  counts.require(total === input + inside + beside, 'total-differs', 'total_tokens');
  counts.require(inside + beside > 0 || !seen.outputText, 'text-without-tokens', spelling.output);
  return { ...inputKinds, ...outputKinds };
}

function inputOf(counts: Counts, { inputDetails: field }: Spelling, total: number): TokenCounts {
  const cached = cachedOf(counts, `${field}.cached_tokens`);
  const audio = counts.count(`${field}.audio_tokens`);
  // Frames of a video are images to the model, and are priced as such.
  const image = counts.count(`${field}.image_tokens`) + counts.count(`${field}.video_tokens`);
  const text = `${field}.text_tokens`;
  const kinds = inputKindsOf(counts, {
    ...{ total, cached, audio, image, field },
    ...cachedMedia(counts, `${field}.cached_tokens_details`),
    ...writtenOf(counts, field),
  });
  counts.require(counts.count(text) + audio + image <= total, 'details-exceed-total', text);
  return kinds;
}

// What OpenAI says in its details, others say beside the prompt.
const otherNamesOfCached = ['cached_tokens', 'num_cached_tokens', 'prompt_cache_hit_tokens'] as const;

/** The cached tokens; where they are told twice, both must say the same. */
function cachedOf(counts: Counts, path: string): number {
  let cached = counts.optional(path);
  for (const name of otherNamesOfCached) {
    const again = counts.optional(name);
    counts.require(again === undefined || cached === undefined || again === cached, 'details-differ', name);
    cached ??= again;
  }
  return cached ?? 0;
}

function cachedMedia(counts: Counts, field: string): { cachedAudio: number; cachedImage: number } {
  if (!counts.has(field)) return { cachedAudio: 0, cachedImage: 0 };
  return {
    cachedAudio: counts.count(`${field}.audio_tokens`),
    cachedImage: counts.count(`${field}.image_tokens`),
  };
}

function writtenOf(counts: Counts, field: string): { written: number; written12h: number } {
  const written = counts.count(`${field}.cache_write_tokens`);
  const lifetimes = `${field}.cache_write_tokens_details`;
  if (!counts.has(lifetimes)) return { written, written12h: 0 };
  const written12h = counts.count(`${lifetimes}.ttl_12h_tokens`);
  const told = written12h + counts.count(`${lifetimes}.ttl_30m_tokens`);
  counts.require(told === written, 'details-differ', lifetimes);
  return { written, written12h };
}

/** Names of what lies inside the output and is not told apart by a price. */
const partsOfOutput = ['text_tokens', 'accepted_prediction_tokens', 'rejected_prediction_tokens'] as const;

function outputOf(
  counts: Counts,
  { outputDetails: field }: Spelling,
  { inside, beside }: { readonly inside: number; readonly beside: number },
): TokenCounts {
  if (!counts.has(field)) return { output: inside + beside };
  const audio = counts.count(`${field}.audio_tokens`);
  const image = counts.count(`${field}.image_tokens`);
  counts.require(audio + image <= inside, 'details-exceed-total', field);
  const reasoning = `${field}.reasoning_tokens`;
  counts.require(counts.count(reasoning) <= Math.max(inside, beside), 'details-exceed-total', reasoning);
  for (const name of partsOfOutput) {
    counts.require(counts.count(`${field}.${name}`) <= inside, 'details-exceed-total', `${field}.${name}`);
  }
  return { output: inside + beside - audio - image, output_audio: audio, output_image: image };
}
