import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import { movementsOf, sealedVersionOf } from './daily-movement.store.ts';

/** The balance of one account, on the side on which it stands. Wallets of all customers are two lines. */
export interface TrialBalanceLine {
  readonly account: string;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
}

/** Both sides of one currency; `difference` is `0`, always. */
export interface CurrencyTotal {
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
  readonly difference: string;
}

/** The trial balance of a whole ledger. */
export interface TrialBalance {
  readonly lines: readonly TrialBalanceLine[];
  readonly totals: readonly CurrencyTotal[];
}

/** The trial balance from stored figures: now, from heads of books and totals of platform accounts; earlier, from sums of days. */
@Injectable()
export class TrialBalanceStore {
  constructor(private readonly database: Database) {}

  /**
   * The trial balance of an accounting day, as it was known at an instant: from the sums of the sealed days before it, and from the
   * entries of the rest of the day. An empty text is no bound. What it reads does not grow with the journal, but for a row for each
   * account and day.
   */
  readAt(asOf: string, asKnownAt: string): Promise<TrialBalance> {
    return earlier(this.database, asOf, asKnownAt);
  }

  /** One statement, so one snapshot: a batch of entries is in it whole or not at all. */
  read(): Promise<TrialBalance> {
    return present(this.database);
  }

  /** Whether the sums of days, and the entries since, come to what heads and totals say now. */
  async doRoadsAgree(): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      await tx.query('SET LOCAL statement_timeout = 0');
      return isDeepStrictEqual(await present(tx), await earlier(tx, '', ''));
    });
  }
}

type Rows = Pick<Tx, 'query'>;

const present = async (rows: Rows): Promise<TrialBalance> =>
  trialBalanceOf(await rows.query<TrialBalanceRow>(standing(storedSql)));

async function earlier(database: Rows, asOf: string, asKnownAt: string): Promise<TrialBalance> {
  const [base] = await database.query<Base>(baseSql, [asKnownAt || null]);
  const { day = null, question_day: questionDay = null } = base ?? {};
  const [books, days] = questionDay === null ? [movedSince, [day]] : [movedOnDay, [day, questionDay]];
  const rows = await database.query<TrialBalanceRow>(standing(earlierSql(books)), [
    asOf || null,
    asKnownAt || null,
    ...days,
  ]);
  return trialBalanceOf(rows);
}

const trialBalanceOf = (rows: readonly TrialBalanceRow[]): TrialBalance => ({
  lines: rows.filter(({ account }) => account !== null) as TrialBalanceLine[],
  totals: rows
    .filter(({ account }) => account === null)
    .map(({ currency, debit, credit, difference }) => ({ currency, debit, credit, difference })),
});

interface TrialBalanceRow {
  readonly account: string | null;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
  readonly difference: string;
}

const storedSql = `
    SELECT 'wallet:*:paid' AS account, currency, 0::numeric AS debit, sum(paid) AS credit FROM book_head GROUP BY currency
    UNION ALL
    SELECT 'wallet:*:granted', currency, 0, sum(granted) FROM book_head GROUP BY currency
    UNION ALL
    SELECT account.name, total.currency, sum(total.debit), sum(total.credit)
      FROM account_total total JOIN account ON account.code = total.account
     GROUP BY account.name, total.currency`;

/** The last sealed day that was over then, and up to which all days are summed; and the day in question, where it is sealed, too. */
interface Base {
  readonly day: string | null;
  readonly question_day: string | null;
}

const baseSql = `
  WITH base AS (
    SELECT max(d.day) AS day FROM summed_day d JOIN sealed_day s USING (day)
     WHERE s.cut <= coalesce($1::timestamptz, 'infinity') AND d.day < coalesce((
       SELECT min(s.day) FROM sealed_day s WHERE NOT EXISTS (SELECT FROM summed_day d WHERE d.day = s.day)), 'infinity'))
  SELECT base.day::text AS day,
         (SELECT s.day::text FROM sealed_day s WHERE s.cut > $1::timestamptz
             AND s.day = coalesce(base.day + 1, (SELECT min(day) FROM sealed_day))) AS question_day FROM base`;

const before = sealedVersionOf('day <= $3::date');
const movedOnDay = `
  SELECT b.book_id, ${before} AS before, b.version AS last FROM sealed_head b WHERE b.day = $4::date`;
const movedSince = `
  SELECT b.book_id, ${before} AS before, b.version AS last FROM book_head b
   WHERE b.recorded_at >= coalesce((SELECT cut FROM sealed_day WHERE day = $3::date), '-infinity')`;
const ofTheQuestion = `
  ($1::date IS NULL OR accounting_date <= $1::date) AND ($2::timestamptz IS NULL OR recorded_at <= $2::timestamptz)`;

const earlierSql = (books: string): string => `
    SELECT account.name AS account, m.currency, sum(m.debit) AS debit, sum(m.credit) AS credit
      FROM (
        SELECT account, currency, debit, credit FROM daily_movement
         WHERE day <= $3::date AND ($1::date IS NULL OR accounting_date <= $1::date)
        UNION ALL
        SELECT account, currency, debit, credit FROM (${movementsOf(books, ofTheQuestion)}) rest
      ) m JOIN account ON account.code = m.account GROUP BY account.name, m.currency`;

const standing = (figures: string): string => `
  WITH stored AS (${figures}), standing AS (
    SELECT account, currency, greatest(sum(debit) - sum(credit), 0) AS debit, greatest(sum(credit) - sum(debit), 0) AS credit
      FROM stored GROUP BY account, currency
  )
  SELECT account, currency, trim_scale(sum(debit))::text AS debit, trim_scale(sum(credit))::text AS credit,
         trim_scale(sum(debit) - sum(credit))::text AS difference
    FROM standing
   GROUP BY GROUPING SETS ((account, currency), (currency))
   ORDER BY currency, account NULLS LAST`;
