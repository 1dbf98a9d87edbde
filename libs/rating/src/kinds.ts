/** Kinds of tokens that go in, disjoint: cached ones are not counted again as fresh ones. */
export const inputKinds = [
  'input',
  'cached_input',
  'cache_write',
  'cache_write_1h',
  'cache_write_12h',
  'input_audio',
  'cached_input_audio',
  'input_image',
  'cached_input_image',
] as const;

/** Kinds of tokens that come out, disjoint; reasoning lies inside `output`. */
export const outputKinds = ['output', 'output_audio', 'output_image'] as const;

/** Every token kind, in the order in which a receipt lists them. The kinds of one call add up to all its tokens. */
export const tokenKinds = [...inputKinds, ...outputKinds] as const;
export type TokenKind = (typeof tokenKinds)[number];

/** The kinds that a call without audio and images can use. */
export const textKinds = [
  'input',
  'cached_input',
  'cache_write',
  'cache_write_1h',
  'cache_write_12h',
  'output',
] as const;

/** What is priced by the piece, in the order in which a receipt lists it. */
export const unitKinds = ['image', 'second', 'request'] as const;
export type UnitKind = (typeof unitKinds)[number];

/** Token counts by kind; a kind that is absent is zero. */
export type TokenCounts = Readonly<Partial<Record<TokenKind, number | undefined>>>;

/** Piece counts by unit; a unit that is absent is zero, but a call is one request unless it says otherwise. */
export type UnitCounts = Readonly<Partial<Record<UnitKind, number | undefined>>>;

/** Where the counts come from: the upstream, our own count, our count of a part, the caller of RecordUsage, or a person. */
export type UsageSource = 'upstream' | 'counted' | 'counted_partial' | 'recorded' | 'corrected';

/** The usage of one call in disjoint kinds. */
export interface Usage {
  readonly tokens: TokenCounts;
  readonly units: UnitCounts;
  readonly source: UsageSource;
  /** True where no exact tokenizer of the model is public. */
  readonly estimated: boolean;
}
