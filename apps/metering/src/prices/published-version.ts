import type { PriceVersion } from '@app/rating';

/** What a model accepts and gives at most, where it is known. */
export type ModelLimits = { readonly contextTokens: number; readonly outputTokens: number } | null;

/** A price version as it was published. */
export interface PublishedVersion extends PriceVersion {
  readonly announcedAt: string;
  readonly limits: ModelLimits;
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
