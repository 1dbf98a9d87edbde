import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** Money of a wallet, or a change of it, which may be negative; amounts are text. */
export interface WalletFigures {
  readonly paid: string;
  readonly granted: string;
  readonly held: string;
}

/** An entry as a wallet sees it: what it changed, and the balance after it in the order of occurrence. */
export interface StatementLine {
  readonly version: string;
  readonly kind: string;
  readonly eventId: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly accountingDate: string;
  readonly change: WalletFigures;
  readonly balance: WalletFigures;
}

/** What entries of one kind changed together. */
export interface StatementTotal {
  readonly kind: string;
  readonly entries: string;
  readonly paid: string;
  readonly granted: string;
}

/** A period of a wallet, as it was known. */
export interface StatementPeriod {
  readonly customerId: string;
  readonly from: string;
  /** The period ends before it. */
  readonly asOf: string;
  readonly asKnownAt: string;
}

/** The place of a line: occurrence, then version. */
export interface LinePlace {
  readonly occurredAt: string;
  readonly version: string;
}

/** Statements, made from the entries of one book: as the world was at one instant, as we knew it at another. */
@Injectable()
export class StatementStore {
  constructor(private readonly database: Database) {}

  /** Balances at the ends of a period. */
  async ends(period: StatementPeriod): Promise<{ opening: WalletFigures; closing: WalletFigures }> {
    const [row] = await this.database.query<{ opening: WalletFigures; closing: WalletFigures }>(
      `${knownSql} SELECT ${figures('opening', `WHERE occurred_at < $2::timestamptz`)},
                          ${figures('closing')} FROM known`,
      values(period),
    );
    return row ?? { opening: nothing, closing: nothing };
  }

  /** What each kind of entry changed in a period. */
  totals(period: StatementPeriod): Promise<StatementTotal[]> {
    return this.database.query<StatementTotal>(
      `${knownSql} SELECT kind, count(*)::text AS entries, trim_scale(sum(paid))::text AS paid,
                          trim_scale(sum(granted))::text AS granted
                     FROM known WHERE occurred_at >= $2::timestamptz GROUP BY kind ORDER BY kind`,
      values(period),
    );
  }

  /** The lines of a period after a place. */
  lines(period: StatementPeriod, after: LinePlace | undefined, limit: number): Promise<StatementLine[]> {
    return this.database.query<StatementLine>(
      `${runningSql} WHERE occurred_at >= $2::timestamptz
          AND ($5::timestamptz IS NULL OR (occurred_at, version) > ($5::timestamptz, $6::bigint))
        ORDER BY occurred_at, version LIMIT $7`,
      [...values(period), after?.occurredAt ?? null, after?.version ?? null, limit],
    );
  }

  /** What was recorded after an instant and occurred before the end of the period, and how many entries that are. */
  async recordedSince(
    period: StatementPeriod,
    knownBefore: string,
    limit: number,
  ): Promise<{ lines: StatementLine[]; entries: string }> {
    const lines = await this.database.query<StatementLine>(
      `${runningSql} WHERE recorded_at > $5::timestamptz AND $2::text IS NOT NULL ORDER BY version LIMIT $6`,
      [...values(period), knownBefore, limit],
    );
    const [row] = await this.database.query<{ entries: string }>(
      `SELECT count(*)::text AS entries FROM entry WHERE book_id = $1 AND occurred_at < $2::timestamptz
          AND recorded_at <= $3::timestamptz AND recorded_at > $4::timestamptz`,
      [period.customerId, period.asOf, period.asKnownAt, knownBefore],
    );
    return { lines, entries: row?.entries ?? '0' };
  }

  /** The currency of a wallet that had an entry, or undefined. */
  async currencyOf(customerId: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ currency: string }>(
      'SELECT currency FROM book_head WHERE book_id = $1',
      [customerId],
    );
    return row?.currency;
  }
}

const nothing: WalletFigures = { paid: '0', granted: '0', held: '0' };

const values = ({ customerId, from, asOf, asKnownAt }: StatementPeriod): unknown[] => [
  customerId,
  from,
  asOf,
  asKnownAt,
];

/** What each entry changed follows from the balances that entries carry; knowledge is a first part of the book. */
const knownSql = `
  WITH known AS (
    SELECT * FROM (
      SELECT version, kind, event_id, occurred_at, recorded_at, accounting_date,
             paid_after - lag(paid_after, 1, 0) OVER by_version AS paid,
             granted_after - lag(granted_after, 1, 0) OVER by_version AS granted,
             held_after - lag(held_after, 1, 0) OVER by_version AS held
        FROM entry WHERE book_id = $1 AND recorded_at <= $4::timestamptz WINDOW by_version AS (ORDER BY version)) changes
     WHERE occurred_at < $3::timestamptz)`;

const sums = ['paid', 'granted', 'held'] as const;

const figures = (name: string, filter = ''): string =>
  `json_build_object(${sums
    .map((of) => {
      const filtered = filter === '' ? '' : `FILTER (${filter})`;
      return `'${of}', trim_scale(coalesce(sum(${of}) ${filtered}, 0))::text`;
    })
    .join(', ')}) AS ${name}`;

const object = (name: string, suffix: string): string =>
  `json_build_object(${sums.map((of) => `'${of}', trim_scale(${of}${suffix})::text`).join(', ')}) AS ${name}`;

const runningSql = `
  ${knownSql}, running AS (
    SELECT *, sum(paid) OVER by_occurrence AS paid_then, sum(granted) OVER by_occurrence AS granted_then,
           sum(held) OVER by_occurrence AS held_then
      FROM known WINDOW by_occurrence AS (ORDER BY occurred_at, version))
  SELECT version::text, kind, event_id AS "eventId", occurred_at AS "occurredAt", recorded_at AS "recordedAt",
         accounting_date::text AS "accountingDate", ${object('change', '')}, ${object('balance', '_then')}
    FROM running`;
