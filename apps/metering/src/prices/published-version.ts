import type { PriceBasis } from '@app/contracts';
import type { Derivation, PriceTerms, PriceVersion } from '@app/rating';

/** What a model accepts and gives at most, where it is known. */
export type ModelLimits = { readonly contextTokens: number; readonly outputTokens: number } | null;

/** What one upstream charges us for a model: its own price with the dated inputs, and what they come to on our card. */
export interface UpstreamTerms {
  readonly upstream: string;
  readonly derivation: Derivation;
  readonly terms: PriceTerms;
}

/** A price version as it was published. */
export interface PublishedVersion extends PriceVersion {
  readonly announcedAt: string;
  readonly limits: ModelLimits;
  /** `derived`: the prices are what the inputs give. `listed`: they stand for themselves, beside inputs that may be stated. */
  readonly basis: PriceBasis;
  readonly derivation: Derivation | null;
  /** The first one counts where a call does not say which upstream served it; empty where our cost is not known. */
  readonly costs: readonly UpstreamTerms[];
  /** Who published it; null for what came with the installation. */
  readonly publishedBy: string | null;
  /** The proposal that a second person approved, where its effect was beyond the limit. */
  readonly proposalId: string | null;
}

/** One model on one rate card. */
export interface CardModel {
  readonly rateCardId: string;
  readonly model: string;
}

/** A version's place on its card, without its prices. */
export interface VersionPlace extends CardModel {
  readonly id: string;
  readonly effectiveFrom: string;
}
