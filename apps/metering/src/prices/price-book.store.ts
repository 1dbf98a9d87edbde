import { PriceBasis, PriceDerivation, PriceTerms, PriceVersionPublished } from '@app/contracts';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { CardState } from './price-publication.ts';
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
  readonly basis: unknown;
  readonly derivation: unknown;
  readonly costs: unknown;
  readonly published_by: string | null;
  readonly proposal_id: string | null;
}

/** A version, and the instant at which the next one takes over; null for the last. */
export interface VersionInBook {
  readonly version: PublishedVersion;
  readonly effectiveTo: string | null;
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

  /** What a card looks like now; `leadSeconds` is the announcement that a change of a price in use needs. */
  async cardState(tx: Tx, rateCardId: string, leadSeconds: number): Promise<CardState> {
    const [row] = await tx.query<Omit<CardState, 'versions'>>(
      `SELECT clock_timestamp() AS now, clock_timestamp() + $2 * interval '1 second' AS "earliestChange",
              rated, rated OR EXISTS (SELECT FROM customer WHERE rate_card = $1) AS "inUse"
         FROM (SELECT EXISTS (SELECT FROM rated_card WHERE rate_card = $1) AS rated) AS card`,
      [rateCardId, leadSeconds],
    );
    if (row === undefined) throw new TypeError('SELECT without a row');
    return { ...row, versions: await this.versionsOn(tx, rateCardId) };
  }

  /** The database's clock, to the microsecond. */
  async now(tx: Tx): Promise<string> {
    const [row] = await tx.query<{ now: string }>('SELECT clock_timestamp() AS now');
    if (row === undefined) throw new TypeError('SELECT without a row');
    return row.now;
  }

  /** Every version of a card, oldest first. */
  private async versionsOn(tx: Tx, rateCardId: string): Promise<readonly PublishedVersion[]> {
    const rows = await tx.query<Row>(
      'SELECT * FROM price_version WHERE rate_card = $1 ORDER BY model, effective_from',
      [rateCardId],
    );
    return rows.map(versionOf);
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
    const { rates, fallback, unitPrices, tiers, windows, derivation } = version;
    await tx.query(
      `INSERT INTO price_version (price_version_id, rate_card, model, currency, effective_from, announced_at, terms, limits,
              basis, derivation, costs, published_by, proposal_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        version.id,
        version.rateCardId,
        version.model,
        version.currency,
        version.effectiveFrom,
        version.announcedAt,
        JSON.stringify({ rates, fallback, unitPrices, tiers, windows }),
        version.limits && JSON.stringify(version.limits),
        version.basis,
        derivation && JSON.stringify(derivation),
        JSON.stringify(version.costs),
        version.publishedBy,
        version.proposalId,
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
  async byId(tx: Pick<Tx, 'query'>, ids: Iterable<string>): Promise<ReadonlyMap<string, PublishedVersion>> {
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

  /** Versions by card, model and time; only those in force at an instant or later where one is given. */
  async list({ rateCardIds, model, from }: BookQuestion): Promise<readonly VersionInBook[]> {
    const rows = await this.database.query<Row & { until: string | null }>(
      `SELECT * FROM (${withUntil}) AS version
        WHERE ($1::text[] IS NULL OR rate_card = ANY($1)) AND ($2::text IS NULL OR model = $2)
          AND ($3::timestamptz IS NULL OR until IS NULL OR until > $3)
        ORDER BY rate_card, model, effective_from`,
      [rateCardIds ?? null, model ?? null, from ?? null],
    );
    return rows.map((row) => ({ version: versionOf(row), effectiveTo: row.until }));
  }

  /** What was announced, the latest first, before a place; each with the version that it takes over from. */
  async announcements(question: AnnouncementQuestion): Promise<readonly Announcement[]> {
    const { rateCardIds, since, before, limit } = question;
    const rows = await this.database.query<Row & { until: string | null; earlier: string | null }>(
      `SELECT * FROM (SELECT *, lag(price_version_id) OVER by_time AS earlier, lead(effective_from) OVER by_time AS until
                        FROM price_version WHERE $1::text[] IS NULL OR rate_card = ANY($1)
                      WINDOW by_time AS (PARTITION BY rate_card, model ORDER BY effective_from)) AS version
        WHERE ($2::timestamptz IS NULL OR announced_at >= $2)
          AND ($3::timestamptz IS NULL OR (announced_at, price_version_id) < ($3, $4))
        ORDER BY announced_at DESC, price_version_id DESC LIMIT $5`,
      [rateCardIds ?? null, since ?? null, before?.announcedAt ?? null, before?.id ?? '', limit],
    );
    const earlier = await this.byId(
      this.database,
      rows.flatMap((row) => row.earlier ?? []),
    );
    return rows.map((row) => ({
      version: versionOf(row),
      effectiveTo: row.until,
      before: row.earlier === null ? undefined : earlier.get(row.earlier),
    }));
  }
}

/** Which part of the book. */
export interface BookQuestion {
  readonly rateCardIds?: readonly string[] | undefined;
  readonly model?: string | undefined;
  /** An instant, or `now` by the database's clock. */
  readonly from?: string | undefined;
}

/** Which announcements. */
export interface AnnouncementQuestion {
  readonly rateCardIds?: readonly string[] | undefined;
  readonly since?: string | undefined;
  readonly before?: { readonly announcedAt: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** A version that was announced, and the one before it. */
export interface Announcement extends VersionInBook {
  readonly before: PublishedVersion | undefined;
}

const withUntil = `
  SELECT *, lead(effective_from) OVER (PARTITION BY rate_card, model ORDER BY effective_from) AS until FROM price_version`;

const Costs = z.array(z.object({ upstream: z.string(), derivation: PriceDerivation, terms: PriceTerms }));

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
    basis: PriceBasis.parse(row.basis),
    derivation: PriceDerivation.nullable().parse(row.derivation),
    costs: Costs.parse(row.costs),
    publishedBy: row.published_by,
    proposalId: row.proposal_id,
  };
}
