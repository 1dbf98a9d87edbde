import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

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

/** The trial balance from stored figures: heads of books and totals of platform accounts, never from the postings themselves. */
@Injectable()
export class TrialBalanceStore {
  constructor(private readonly database: Database) {}

  /**
   * The trial balance of an accounting day, as it was known at an instant: from the entries themselves, because what is stored is
   * only of now. An empty text is no bound.
   */
  async readAt(asOf: string, asKnownAt: string): Promise<TrialBalance> {
    const rows = await this.database.query<TrialBalanceRow>(standing(entriesSql), [
      asOf || null,
      asKnownAt || null,
    ]);
    return trialBalanceOf(rows);
  }

  /** One statement, so one snapshot: a batch of entries is in it whole or not at all. */
  async read(): Promise<TrialBalance> {
    return trialBalanceOf(await this.database.query<TrialBalanceRow>(standing(storedSql)));
  }
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

const moved = (account: string, amounts: string, from: string): string => `
    SELECT ${account} AS code, e.currency, ${amounts} FROM ${from}
     WHERE ($1::date IS NULL OR e.accounting_date <= $1::date) AND ($2::timestamptz IS NULL OR e.recorded_at <= $2::timestamptz)`;
const further = 'entry_posting x JOIN entry e USING (book_id, version)';
const movements = [
  moved('e.debit_1', 'e.amount_1 AS debit, 0::numeric AS credit', 'entry e'),
  moved('e.credit_1', '0, e.amount_1', 'entry e'),
  moved('e.debit_2', 'e.amount_2, 0', 'entry e'),
  moved('e.credit_2', '0, e.amount_2', 'entry e'),
  moved('x.debit', 'x.amount, 0', further),
  moved('x.credit', '0, x.amount', further),
];

const entriesSql = `
    SELECT account.name AS account, m.currency, sum(m.debit) AS debit, sum(m.credit) AS credit
      FROM (${movements.join(' UNION ALL ')}) m JOIN account USING (code) GROUP BY account.name, m.currency`;

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
