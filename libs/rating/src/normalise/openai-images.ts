import type { TokenCounts } from '../kinds.ts';
import { Counts } from './counts.ts';
import type { Normalised, Seen } from './impossible-usage.ts';
import { openAiKinds, responsesSpelling } from './openai-body.ts';

/**
 * The usage of a call that made images. Models that count tokens report them: what comes out is image tokens, save the
 * text ones it names. Models that do not report are sold by the piece: the images that were delivered are the usage, so a
 * part of an order costs that part.
 */
export function normaliseOpenAiImages(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const images = seen.images ?? 0;
  if ((raw === undefined || raw === null) && images > 0) return piecesOnly(images);
  const counts = new Counts(raw);
  const tokens = openAiKinds(counts, { spelling: responsesSpelling, reasoningBeside: false }, seen);
  const made = counts.count('output_tokens');
  counts.require(made > 0 || images === 0, 'images-without-tokens', 'output_tokens');
  return counts.result({ ...tokens, ...imagesOut(counts, made) });
}

function imagesOut(counts: Counts, made: number): TokenCounts {
  const text = counts.count('output_tokens_details.text_tokens');
  const told = text + counts.count('output_tokens_details.image_tokens');
  counts.require(told <= made, 'details-exceed-total', 'output_tokens_details');
  return { output: text, output_image: made - text };
}

function piecesOnly(images: number): Normalised {
  const counts = new Counts({ images });
  return counts.result({}, { image: counts.required('images') });
}
