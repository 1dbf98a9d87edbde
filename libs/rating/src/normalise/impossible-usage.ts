import type { Usage } from '../kinds.ts';

/**
 * Why a usage body cannot be charged; closed. Such a call goes to quarantine: not charged, not lost.
 * All but the last two say that the body cannot be true; those say that this model's price does not cover it.
 */
export type ImpossibleReason =
  | 'no-usage'
  | 'missing-count'
  | 'not-a-count'
  | 'details-exceed-total'
  | 'details-differ'
  | 'total-differs'
  | 'text-without-tokens'
  | 'images-without-tokens'
  | 'unknown-medium'
  | 'more-than-sent'
  | 'fee-without-unit'
  | 'tokens-of-another-model';

/** A usage body that cannot be charged, and the field that says so. */
export interface ImpossibleUsage {
  readonly code: 'impossible-usage';
  readonly reason: ImpossibleReason;
  readonly field: string;
}

/** A decision whose one fact is the usage in disjoint kinds. */
export type Normalised =
  | { readonly accepted: true; readonly events: readonly [Usage] }
  | { readonly accepted: false; readonly refusal: ImpossibleUsage };

/** What we saw of the answer ourselves, to check the upstream's word against. */
export interface Seen {
  /** True where text, a tool call or a refusal was delivered, so that there must be output tokens. */
  readonly outputText: boolean;
  /** How many images were delivered; absent where none could be. */
  readonly images?: number;
  /** The most tokens that the request can have had, such as its bytes; absent where nobody can say. */
  readonly inputTokensMax?: number;
}
