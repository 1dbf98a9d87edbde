import type { PriceVersion } from '@app/rating';

/** What a model accepts and gives at most, in tokens. */
export interface ModelLimits {
  readonly contextTokens: number;
  readonly outputTokens: number;
}

/** A published price version with what bounds a call's cost. */
export interface PublishedPrice extends PriceVersion {
  readonly limits: ModelLimits | null;
}

/** The prices in force, as this process last read them. */
export abstract class PriceList {
  /** The price of a model on a card at an instant; undefined where it has none, and is therefore not sold. */
  abstract priceAt(rateCardId: string, model: string, at: string): Promise<PublishedPrice | undefined>;

  /** Every model of a card that has a price at an instant, by name. */
  abstract pricesAt(rateCardId: string, at: string): Promise<readonly PublishedPrice[]>;
}
