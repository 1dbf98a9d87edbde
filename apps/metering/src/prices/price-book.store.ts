import { PriceTerms, PriceVersionPublished } from '@app/contracts';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { CardModel, PublishedVersion, VersionPlace } from './published-version.ts';

interface Row {
  readonly price_version_id: string;
  readonly rate_card: string;
  readonly model: string;
  readonly currency: string;
  readonly effective_from: string;
  readonly announced_at: string;
  readonly terms: unknown;
  readonly limits: unknown;
}

/** Every price version ever published. A version is immutable, so what was read once stays in memory. */
@Injectable()
export class PriceBookStore {
  private readonly known = new Map<string, PublishedVersion>();
  /** Cards that are marked as rated, for good. */
  private readonly rated = new Set<string>();

  constructor(private readonly database: Database) {}

  /** Makes the publications of one card wait for each other until the transaction ends. */
  async lockCard(tx: Tx, rateCardId: string): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('rate card ' || $1, 0))`, [rateCardId]);
  }

  /** The database's clock, to the microsecond. */
  async now(tx: Tx): Promise<string> {
    const [row] = await tx.query<{ now: string }>('SELECT clock_timestamp() AS now');
    if (row === undefined) throw new TypeError('SELECT without a row');
    return row.now;
  }

  /** Every version of a card, oldest first. */
  async versionsOn(tx: Tx, rateCardId: string): Promise<readonly PublishedVersion[]> {
    const rows = await tx.query<Row>(
      'SELECT * FROM price_version WHERE rate_card = $1 ORDER BY model, effective_from',
      [rateCardId],
    );
    return rows.map(versionOf);
  }

  /** Whether a call was ever rated on a card. */
  async wasRatedOn(tx: Tx, rateCardId: string): Promise<boolean> {
    const rows = await tx.query('SELECT 1 FROM rated_card WHERE rate_card = $1', [rateCardId]);
    return rows.length > 0;
  }

  /** Remembers that calls were rated on these cards; their past is closed for new prices from now on. */
  async markRated(tx: Tx, rateCardIds: readonly string[]): Promise<void> {
    const unmarked = rateCardIds.filter((card) => !this.rated.has(card));
    if (unmarked.length === 0) return;
    await tx.query(
      `INSERT INTO rated_card (rate_card) SELECT unnest($1::text[]) ORDER BY 1 ON CONFLICT DO NOTHING`,
      [unmarked],
    );
    tx.afterCommit(() => {
      for (const card of unmarked) this.rated.add(card);
    });
  }

  async append(tx: Tx, version: PublishedVersion): Promise<void> {
    const { rates, fallback, unitPrices, tiers, windows } = version;
    await tx.query(
      `INSERT INTO price_version
         (price_version_id, rate_card, model, currency, effective_from, announced_at, terms, limits)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        version.id,
        version.rateCardId,
        version.model,
        version.currency,
        version.effectiveFrom,
        version.announcedAt,
        JSON.stringify({ rates, fallback, unitPrices, tiers, windows }),
        JSON.stringify(version.limits),
      ],
    );
  }

  /** The versions of these models, without prices: enough to pick the one in force at an instant. */
  async placesOf(tx: Tx, models: readonly CardModel[]): Promise<readonly VersionPlace[]> {
    if (models.length === 0) return [];
    const rows = await tx.query<Row>(
      `SELECT price_version_id, rate_card, price_version.model, effective_from
         FROM price_version
         JOIN unnest($1::text[], $2::text[]) AS wanted (card, model)
           ON wanted.card = rate_card AND wanted.model = price_version.model`,
      [models.map(({ rateCardId }) => rateCardId), models.map(({ model }) => model)],
    );
    return rows.map((row) => ({
      id: row.price_version_id,
      rateCardId: row.rate_card,
      model: row.model,
      effectiveFrom: row.effective_from,
    }));
  }

  /** The versions with these ids; those that are in memory are not read again. */
  async byId(tx: Tx, ids: Iterable<string>): Promise<ReadonlyMap<string, PublishedVersion>> {
    const wanted = [...new Set(ids)];
    const unread = wanted.filter((id) => !this.known.has(id));
    if (unread.length > 0) {
      const rows = await tx.query<Row>('SELECT * FROM price_version WHERE price_version_id = ANY($1)', [
        unread,
      ]);
      for (const row of rows) this.known.set(row.price_version_id, versionOf(row));
    }
    return new Map(
      wanted.flatMap((id) => {
        const version = this.known.get(id);
        return version === undefined ? [] : [[id, version] as const];
      }),
    );
  }

  /** Versions in force now and those announced for later, of one card or of all. */
  async announced(rateCardId?: string): Promise<readonly PublishedVersion[]> {
    const rows = await this.database.query<Row>(
      `SELECT * FROM (
         SELECT *, lead(effective_from) OVER (PARTITION BY rate_card, model ORDER BY effective_from) AS until
           FROM price_version WHERE $1::text IS NULL OR rate_card = $1) AS version
        WHERE until IS NULL OR until > clock_timestamp()
        ORDER BY rate_card, model, effective_from`,
      [rateCardId ?? null],
    );
    return rows.map(versionOf);
  }
}

function versionOf(row: Row): PublishedVersion {
  return {
    id: row.price_version_id,
    rateCardId: row.rate_card,
    model: row.model,
    currency: row.currency,
    effectiveFrom: row.effective_from,
    announcedAt: row.announced_at,
    ...PriceTerms.parse(row.terms),
    limits: PriceVersionPublished.schema.shape.limits.parse(row.limits),
  };
}
