import type { TokenCounts } from '../kinds.ts';
import { Counts } from './counts.ts';
import type { Normalised, Seen } from './impossible-usage.ts';
import { inputKindsOf } from './input-kinds.ts';

/**
 * Google's `usageMetadata`, in disjoint kinds. There `promptTokenCount` holds the cached content, prompts that tools made
 * come beside it, and thoughts come beside `candidatesTokenCount`. Tokens without a medium are text; pages of a document
 * and frames of a video are images.
 */
export function normaliseGoogle(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  const input = counts.required('promptTokenCount') + counts.count('toolUsePromptTokenCount');
  const made = counts.count('candidatesTokenCount');
  const output = made + counts.count('thoughtsTokenCount');
  const tokens = { ...inputOf(counts, input), ...outputOf(counts, made, output) };
  const total = counts.optional('totalTokenCount') ?? input + output;
  counts.require(total === input + output, 'total-differs', 'totalTokenCount');
  counts.require(output > 0 || !seen.outputText, 'text-without-tokens', 'candidatesTokenCount');
  return counts.result(tokens);
}

function inputOf(counts: Counts, total: number): TokenCounts {
  // Embeddings spell the same list in another way.
  const prompt = byMedium(
    counts,
    counts.has('promptTokenDetails') ? 'promptTokenDetails' : 'promptTokensDetails',
  );
  const tools = byMedium(counts, 'toolUsePromptTokensDetails');
  const cached = byMedium(counts, 'cacheTokensDetails');
  const audio = prompt.audio + tools.audio;
  const image = prompt.image + tools.image;
  const field = 'promptTokensDetails';
  counts.require(prompt.text + tools.text + audio + image <= total, 'details-exceed-total', field);
  const whole = counts.count('cachedContentTokenCount');
  const told = cached.text + cached.audio + cached.image;
  counts.require(told <= whole, 'details-exceed-total', 'cacheTokensDetails');
  return inputKindsOf(counts, {
    ...{ total, cached: whole, cachedAudio: cached.audio, cachedImage: cached.image },
    ...{ written: 0, written12h: 0, audio, image, field },
  });
}

function outputOf(counts: Counts, made: number, whole: number): TokenCounts {
  const { text, audio, image } = byMedium(counts, 'candidatesTokensDetails');
  counts.require(text + audio + image <= made, 'details-exceed-total', 'candidatesTokensDetails');
  return { output: whole - audio - image, output_audio: audio, output_image: image };
}

/** Tokens of one side by what they are to a price. */
interface Media {
  text: number;
  audio: number;
  image: number;
}

const mediumOf: ReadonlyMap<string, keyof Media> = new Map([
  ['MODALITY_UNSPECIFIED', 'text'],
  ['TEXT', 'text'],
  ['AUDIO', 'audio'],
  ['IMAGE', 'image'],
  ['VIDEO', 'image'],
  ['DOCUMENT', 'image'],
]);

function byMedium(counts: Counts, list: string): Media {
  const media: Media = { text: 0, audio: 0, image: 0 };
  for (const path of counts.members(list)) {
    const medium = mediumOf.get(counts.text(`${path}.modality`) ?? '');
    counts.require(medium !== undefined, 'unknown-medium', `${path}.modality`);
    media[medium ?? 'text'] += counts.count(`${path}.tokenCount`);
  }
  return media;
}
