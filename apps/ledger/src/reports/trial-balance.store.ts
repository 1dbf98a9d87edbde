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

  /** One statement, so one snapshot: a batch of entries is in it whole or not at all. */
  async read(): Promise<TrialBalance> {
    const rows = await this.database.query<TrialBalanceRow>(sql);
    return {
      lines: rows.filter(({ account }) => account !== null) as TrialBalanceLine[],
      totals: rows
        .filter(({ account }) => account === null)
        .map(({ currency, debit, credit, difference }) => ({ currency, debit, credit, difference })),
    };
  }
}

interface TrialBalanceRow {
  readonly account: string | null;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
  readonly difference: string;
}

const sql = `
  WITH stored AS (
    SELECT 'wallet:*:paid' AS account, currency, 0::numeric AS debit, sum(paid) AS credit FROM book_head GROUP BY currency
    UNION ALL
    SELECT 'wallet:*:granted', currency, 0, sum(granted) FROM book_head GROUP BY currency
    UNION ALL
    SELECT account.name, total.currency, sum(total.debit), sum(total.credit)
      FROM account_total total JOIN account ON account.code = total.account
     GROUP BY account.name, total.currency
  ), standing AS (
    SELECT account, currency, greatest(sum(debit) - sum(credit), 0) AS debit, greatest(sum(credit) - sum(debit), 0) AS credit
      FROM stored GROUP BY account, currency
  )
  SELECT account, currency, trim_scale(sum(debit))::text AS debit, trim_scale(sum(credit))::text AS credit,
         trim_scale(sum(debit) - sum(credit))::text AS difference
    FROM standing
   GROUP BY GROUPING SETS ((account, currency), (currency))
   ORDER BY currency, account NULLS LAST`;
