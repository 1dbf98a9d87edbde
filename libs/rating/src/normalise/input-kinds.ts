import type { TokenCounts } from '../kinds.ts';
import type { Counts } from './counts.ts';

/** The tokens that went in as an upstream tells them: a whole, and parts of it that may lie over each other. */
export interface WholeInput {
  readonly total: number;
  readonly cached: number;
  /** The cached ones that are known to be audio or images; the others are taken as text as far as there is text. */
  readonly cachedAudio: number;
  readonly cachedImage: number;
  readonly written: number;
  readonly written12h: number;
  readonly audio: number;
  readonly image: number;
  /** The field that is named where the parts cannot lie inside the whole. */
  readonly field: string;
}

/**
 * Takes a whole apart into disjoint kinds that add up to it.
 * Most upstreams count cached tokens and tokens of a medium over each other without saying which is which. What must lie
 * in both is then counted once: as cached tokens of the one medium there is, or as written ones. Where several media are
 * left to choose from nobody can say, so it is refused.
 */
export function inputKindsOf(counts: Counts, whole: WholeInput): TokenCounts {
  const { total, cached, written, audio, image, field } = whole;
  counts.require(whole.cachedAudio <= audio && whole.cachedImage <= image, 'details-exceed-total', field);
  counts.require(whole.cachedAudio + whole.cachedImage <= cached, 'details-exceed-total', field);
  counts.require(whole.written12h <= written, 'details-exceed-total', field);
  const plain: Plain = {
    text: total - audio - image - written - (cached - whole.cachedAudio - whole.cachedImage),
    cachedText: cached - whole.cachedAudio - whole.cachedImage,
    audio: audio - whole.cachedAudio,
    image: image - whole.cachedImage,
  };
  const shared = plain.text < 0 ? sharedByMedium(counts, plain, whole) : nothingShared;
  return {
    input: Math.max(plain.text, 0),
    cached_input: plain.cachedText - shared.cached,
    cache_write: written - whole.written12h,
    cache_write_12h: whole.written12h,
    input_audio: plain.audio - shared.audio,
    cached_input_audio: whole.cachedAudio + (shared.audio > 0 ? shared.cached : 0),
    input_image: plain.image - shared.image,
    cached_input_image: whole.cachedImage + (shared.image > 0 ? shared.cached : 0),
  };
}

/** What is left of each medium once the known overlaps are taken out; `text` is negative where parts still overlap. */
interface Plain {
  readonly text: number;
  readonly cachedText: number;
  readonly audio: number;
  readonly image: number;
}

/** How many tokens of which medium are at once cached or written; `cached` of them are cached. */
interface Shared {
  readonly audio: number;
  readonly image: number;
  readonly cached: number;
}

const nothingShared: Shared = { audio: 0, image: 0, cached: 0 };

function sharedByMedium(counts: Counts, plain: Plain, { written, field }: WholeInput): Shared {
  const overlap = -plain.text;
  const oneMedium = plain.audio === 0 || plain.image === 0;
  const fits = overlap <= plain.audio + plain.image && overlap <= plain.cachedText + written;
  counts.require(oneMedium && fits, 'details-exceed-total', field);
  const cached = Math.min(overlap, plain.cachedText);
  return plain.audio > 0 ? { audio: overlap, image: 0, cached } : { audio: 0, image: overlap, cached };
}
