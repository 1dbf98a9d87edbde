import type { Usage } from '../kinds.ts';

/** Why a usage body cannot be true; closed. Such a call goes to quarantine: not charged, not lost. */
export type ImpossibleReason =
  | 'no-usage'
  | 'missing-count'
  | 'not-a-count'
  | 'details-exceed-total'
  | 'total-differs'
  | 'text-without-tokens';

/** A usage body that cannot be true, and the field that says so. */
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
}
