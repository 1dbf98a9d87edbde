import { type EventOf, PriceTerms, type PriceVersionPublished } from '@app/contracts';
import { log, metrics } from '@app/observability';
import { Database, type Tx } from '@app/persistence';
import { versionAt } from '@app/rating';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type ModelLimits, PriceList, type PublishedPrice } from './price-list.ts';

interface PriceRow {
  readonly price_version_id: string;
  readonly rate_card_id: string;
  readonly model: string;
  readonly currency: string;
  readonly effective_from: string;
  readonly terms: unknown;
  readonly limits: ModelLimits | null;
}

const versions = metrics.gauge({
  name: 'haoli_prices_known',
  help: 'Price versions that this process can price a call with; fewer than metering has published means that it is behind',
});

/** Versions are announced before they take effect, so a second is soon enough; what is older is read again first. */
const rereadMs = 500;
const ageMsMax = 1_000;

/** Metering's published prices, kept in our own table and, whole, in memory: a call needs one without waiting. */
@Injectable()
export class PricesProjection extends PriceList implements OnApplicationBootstrap, OnApplicationShutdown {
  private cards: ReadonlyMap<string, ReadonlyMap<string, readonly PublishedPrice[]>> = new Map();
  private known = 0;
  private readAt = -Infinity;
  private reading: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly database: Database) {
    super();
  }

  /** Records versions as they were published. A version never changes, so one that is known is left as it is. */
  async record(tx: Tx, published: readonly EventOf<typeof PriceVersionPublished>[]): Promise<void> {
    await tx.query(
      `INSERT INTO price_version (price_version_id, rate_card_id, model, currency, effective_from, terms, limits)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::json[], $7::json[])
       ON CONFLICT (price_version_id) DO NOTHING`,
      [
        published.map(({ data }) => data.priceVersionId),
        published.map(({ data }) => data.rateCardId),
        published.map(({ data }) => data.model),
        published.map(({ data }) => data.currency),
        published.map(({ data }) => data.effectiveFrom),
        published.map(({ data }) => JSON.stringify(data.terms)),
        published.map(({ data }) => data.limits && JSON.stringify(data.limits)),
      ],
    );
  }

  async priceAt(rateCardId: string, model: string, at: string): Promise<PublishedPrice | undefined> {
    await this.current();
    return versionAt(this.cards.get(rateCardId)?.get(model) ?? [], at);
  }

  async pricesAt(rateCardId: string, at: string): Promise<readonly PublishedPrice[]> {
    await this.current();
    const models = [...(this.cards.get(rateCardId)?.values() ?? [])];
    return models
      .flatMap((versions) => versionAt(versions, at) ?? [])
      .sort((a, b) => (a.model < b.model ? -1 : 1));
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.readOnce().catch((error: unknown) => {
        log().warn({ err: error }, 'Prices were not read again');
      });
    }, rereadMs);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** What is in memory, unless it is too old to say what a call costs now. */
  private async current(): Promise<void> {
    if (performance.now() - this.readAt > ageMsMax) await this.readOnce();
  }

  private readOnce(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  /** Rows become visible in the order of commits, so what is new is told by their number and never by a last id. */
  private async read(): Promise<void> {
    const [size] = await this.database.query<{ rows: string }>('SELECT count(*) AS rows FROM price_version');
    if (Number(size?.rows) !== this.known) await this.readAll();
    this.readAt = performance.now();
  }

  private async readAll(): Promise<void> {
    const rows = await this.database.query<PriceRow>(
      `SELECT price_version_id, rate_card_id, model, currency, effective_from, terms, limits FROM price_version`,
    );
    const cards = new Map<string, Map<string, PublishedPrice[]>>();
    for (const price of rows.map(priceOf)) {
      const card = cards.get(price.rateCardId) ?? new Map<string, PublishedPrice[]>();
      cards.set(price.rateCardId, card.set(price.model, [...(card.get(price.model) ?? []), price]));
    }
    this.cards = cards;
    this.known = rows.length;
    versions.set(this.known);
  }
}

const priceOf = (row: PriceRow): PublishedPrice => ({
  ...PriceTerms.parse(row.terms),
  id: row.price_version_id,
  rateCardId: row.rate_card_id,
  model: row.model,
  currency: row.currency,
  effectiveFrom: row.effective_from,
  limits: row.limits,
});
