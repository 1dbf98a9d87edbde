import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

const rowsMax = 64;

/** The totals of platform accounts. Each batch adds rows, so that no writer waits for another; now and then they are put together. */
@Injectable()
export class AccountTotalStore {
  constructor(private readonly database: Database) {}

  /**
   * Puts the rows of one account, currency and day together where there are many. Figures stay as they are. Safe beside writers and
   * beside another process that does the same: who comes second finds the rows gone.
   */
  async compact(): Promise<void> {
    await this.database.query(
      `WITH crowded AS (
         SELECT account, currency, accounting_date FROM account_total GROUP BY account, currency, accounting_date
         HAVING count(*) > $1
       ), gone AS (
         DELETE FROM account_total t USING crowded c
          WHERE t.account = c.account AND t.currency = c.currency AND t.accounting_date = c.accounting_date
         RETURNING t.account, t.currency, t.accounting_date, t.debit, t.credit
       )
       INSERT INTO account_total (account, currency, accounting_date, debit, credit)
       SELECT account, currency, accounting_date, sum(debit), sum(credit) FROM gone GROUP BY account, currency, accounting_date`,
      [rowsMax],
    );
  }
}
