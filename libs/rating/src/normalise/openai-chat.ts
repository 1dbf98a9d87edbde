import { Counts } from './counts.ts';
import type { Normalised, Seen } from './impossible-usage.ts';

/**
 * The usage body of OpenAI's chat completions, completions and embeddings, in disjoint kinds.
 * There `prompt_tokens` holds cached and cache-write tokens too, `completion_tokens` reasoning and rejected predictions;
 * cached tokens are not told apart by medium, so they are taken as text. What cannot be true is refused, never mended.
 */
export function normaliseOpenAiChat(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  const prompt = counts.required('prompt_tokens');
  const completion = counts.optional('completion_tokens') ?? 0;
  const total = counts.optional('total_tokens') ?? prompt + completion;
  const input = inputOf(counts, prompt);
  const output = outputOf(counts, completion);
  counts.require(total === prompt + completion, 'total-differs', 'total_tokens');
  counts.require(completion > 0 || !seen.outputText, 'text-without-tokens', 'completion_tokens');
  return counts.result({ ...input, ...output });
}

function inputOf(counts: Counts, prompt: number) {
  const details = (name: string) => counts.optional(`prompt_tokens_details.${name}`) ?? 0;
  const cached = details('cached_tokens');
  const written = details('cache_write_tokens');
  const audio = details('audio_tokens');
  const image = details('image_tokens');
  const rest = prompt - cached - written - audio - image;
  const text = details('text_tokens');
  counts.require(rest >= 0, 'details-exceed-total', 'prompt_tokens_details');
  counts.require(text + audio + image <= prompt, 'details-exceed-total', 'prompt_tokens_details.text_tokens');
  return { input: rest, cached_input: cached, cache_write: written, input_audio: audio, input_image: image };
}

function outputOf(counts: Counts, completion: number) {
  const details = (name: string) => counts.optional(`completion_tokens_details.${name}`) ?? 0;
  const audio = details('audio_tokens');
  const image = details('image_tokens');
  const rest = completion - audio - image;
  counts.require(rest >= 0, 'details-exceed-total', 'completion_tokens_details');
  for (const name of [
    'reasoning_tokens',
    'text_tokens',
    'accepted_prediction_tokens',
    'rejected_prediction_tokens',
  ]) {
    const field = `completion_tokens_details.${name}`;
    counts.require(details(name) <= completion, 'details-exceed-total', field);
  }
  return { output: rest, output_audio: audio, output_image: image };
}
