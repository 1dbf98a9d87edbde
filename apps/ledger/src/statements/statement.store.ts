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

/**
 * Statements, made from the entries of one book: as the world was at one instant, as we knew it at another. Costs what lies in the
 * period and what was recorded out of its time, and not what the book has been through before.
 */
@Injectable()
export class StatementStore {
  constructor(private readonly database: Database) {}

  /** Balances at the ends of a period. */
  async ends(period: StatementPeriod): Promise<{ opening: WalletFigures; closing: WalletFigures }> {
    const [row] = await this.database.query<{ opening: WalletFigures; closing: WalletFigures }>(
      endsSql,
      values(period),
    );
    return row ?? { opening: nothing, closing: nothing };
  }

  /** What each kind of entry changed in a period. */
  totals(period: StatementPeriod): Promise<StatementTotal[]> {
    return this.database.query<StatementTotal>(totalsSql, values(period));
  }

  /** The lines of a period after a place. */
  lines(period: StatementPeriod, after: LinePlace | undefined, limit: number): Promise<StatementLine[]> {
    // What occurred before the place is in the balance there.
    const from = after?.occurredAt ?? period.from;
    return this.database.query<StatementLine>(
      `${runningSql} WHERE $5::bigint IS NULL OR (occurred_at, version) > ($2::timestamptz, $5::bigint)
        ORDER BY occurred_at, version LIMIT $6`,
      [...values({ ...period, from }), after?.version ?? null, limit],
    );
  }

  /** What was recorded after an instant and occurred before the end of the period, and how many entries that are. */
  async recordedSince(
    period: StatementPeriod,
    knownBefore: string,
    limit: number,
  ): Promise<{ lines: StatementLine[]; entries: string }> {
    const { customerId, asOf, asKnownAt } = period;
    const [found] = await this.database.query<RecordedSince>(recordedSinceSql, [
      ...[customerId, asOf, asKnownAt, knownBefore],
      limit,
    ]);
    const { entries, versions, first } = found ?? { entries: '0', versions: null, first: null };
    if (versions === null || first === null) return { lines: [], entries };
    const lines = await this.database.query<StatementLine>(
      `${runningSql} WHERE version = ANY($5::bigint[]) ORDER BY version`,
      [...values({ ...period, from: first }), versions],
    );
    return { lines, entries };
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

interface RecordedSince {
  readonly entries: string;
  /** The first of them, as many as are asked for. */
  readonly versions: readonly string[] | null;
  /** When the first of these occurred. */
  readonly first: string | null;
}

const recordedSinceSql = `
  WITH since AS (
    SELECT version, occurred_at FROM entry
     WHERE book_id = $1 AND occurred_at < $2::timestamptz
       AND version > version_before($1, $4::timestamptz + interval '1 microsecond')
       AND version <= version_before($1, $3::timestamptz + interval '1 microsecond')),
  shown AS (SELECT * FROM since ORDER BY version LIMIT $5)
  SELECT (SELECT count(*) FROM since)::text AS entries, array_agg(version ORDER BY version)::text[] AS versions,
         min(occurred_at)::text AS first FROM shown`;

/**
 * Nearly every entry is recorded soon after it occurred, so what occurred in a period is found by when it was recorded. The others
 * have an index of their own, in the same words: entry_out_of_time.
 */
const outOfTime = `(recorded_at - occurred_at < interval '0' OR recorded_at - occurred_at > interval '1 minute')`;
const inTime = `NOT ${outOfTime}`;

const sums = ['paid', 'granted', 'held'] as const;
const columns =
  'version, kind, event_id, occurred_at, recorded_at, accounting_date, paid_after, granted_after, held_after';
const of = (text: (figure: string) => string): string => sums.map(text).join(', ');

/** Entries of the book, as they were known, with what each changed: the balance after it, less that after the one before. */
const changed = (where: string): string => `
  SELECT e.version, e.kind, e.event_id, e.occurred_at, e.recorded_at, e.accounting_date,
         ${of((figure) => `e.${figure}_after - coalesce(b.${figure}_after, 0) AS ${figure}`)}
    FROM (SELECT ${columns} FROM entry WHERE book_id = $1 AND recorded_at <= $4::timestamptz AND ${where}) e
    LEFT JOIN LATERAL (SELECT ${columns} FROM entry WHERE book_id = $1 AND version = e.version - 1 LIMIT 1) b ON true`;

/**
 * The balance of what occurred before the period: that after the last entry recorded before it, with what was recorded later and had
 * occurred, without what was recorded and had not occurred yet. Then the period: what occurred in it.
 */
const periodSql = `
  WITH recorded AS (
    SELECT ${columns} FROM entry_as_of($1, least($2::timestamptz - interval '1 microsecond', $4::timestamptz))
  ), parts AS (
    SELECT ${of((figure) => `${figure}_after AS ${figure}`)} FROM recorded
    UNION ALL SELECT ${of((figure) => figure)} FROM (${changed(`version > version_before($1, $2::timestamptz)
           AND version <= version_before($1, $2::timestamptz + interval '1 minute')
           AND occurred_at < $2::timestamptz AND ${inTime}`)}) soon
    UNION ALL SELECT ${of((figure) => figure)} FROM (${changed(`recorded_at >= $2::timestamptz
           AND occurred_at < $2::timestamptz AND ${outOfTime}`)}) late
    UNION ALL SELECT ${of((figure) => `-${figure}`)} FROM (${changed(`recorded_at < $2::timestamptz
           AND occurred_at >= $2::timestamptz AND ${outOfTime}`)}) early
  ), opening AS (
    SELECT ${of((figure) => `coalesce(sum(${figure}), 0) AS ${figure}_before`)} FROM parts
  ), period AS (
    ${changed(`version > version_before($1, $2::timestamptz)
           AND version <= version_before($1, $3::timestamptz + interval '60.000001 seconds')
           AND occurred_at >= $2::timestamptz AND occurred_at < $3::timestamptz AND ${inTime}`)}
    UNION ALL
    ${changed(`occurred_at >= $2::timestamptz AND occurred_at < $3::timestamptz AND ${outOfTime}`)}
  )`;

const object = (name: string, value: (figure: string) => string): string =>
  `json_build_object(${of((figure) => `'${figure}', trim_scale(${value(figure)})::text`)}) AS ${name}`;

const endsSql = `${periodSql}
  SELECT ${object('opening', (figure) => `${figure}_before`)},
         ${object('closing', (figure) => `${figure}_before + (SELECT coalesce(sum(${figure}), 0) FROM period)`)} FROM opening`;

const totalsSql = `${periodSql}
  SELECT kind, count(*)::text AS entries, trim_scale(sum(paid))::text AS paid, trim_scale(sum(granted))::text AS granted
    FROM period GROUP BY kind ORDER BY kind`;

const runningSql = `${periodSql}, running AS (
    SELECT period.*, ${of((figure) => `${figure}_before + sum(${figure}) OVER by_occurrence AS ${figure}_then`)}
      FROM period CROSS JOIN opening WINDOW by_occurrence AS (ORDER BY occurred_at, version))
  SELECT version::text, kind, event_id AS "eventId", occurred_at AS "occurredAt", recorded_at AS "recordedAt",
         accounting_date::text AS "accountingDate", ${object('change', (figure) => figure)},
         ${object('balance', (figure) => `${figure}_then`)}
    FROM running`;
