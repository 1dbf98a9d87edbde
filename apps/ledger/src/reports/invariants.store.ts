import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** How often each rule is broken in what is stored; all of them zero, always. */
export interface BrokenRules {
  /** Currencies whose trial balance is not zero. */
  readonly trial_balance: string;
  /** Wallets with less than nothing available. */
  readonly negative_available: string;
  /** Books whose held total is not the sum of their open holds. */
  readonly held: string;
  /** Lots that do not add up. */
  readonly lots: string;
  /** Books whose paid money is not what remains of their lots. */
  readonly paid: string;
  /** Currencies whose pending refunds are not the sum of the open items. */
  readonly pending_refunds: string;
}

/** Figures that only the ledger can give. */
export interface OpenMatters {
  /** Open holds whose call finished more than a day ago. */
  readonly quarantined_holds: string;
  readonly open_holds: string;
  readonly waiting_charges: string;
}

/** Checks what is stored against the rules that always hold, in one snapshot and without stopping writers. */
@Injectable()
export class InvariantStore {
  constructor(private readonly database: Database) {}

  async brokenRules(): Promise<BrokenRules | undefined> {
    const [row] = await this.database.query<BrokenRules & object>(rulesSql);
    return row;
  }

  async openMatters(): Promise<OpenMatters | undefined> {
    const [row] = await this.database.query<OpenMatters & object>(
      `SELECT (SELECT count(*) FROM hold WHERE finished_at < clock_timestamp() - interval '1 day') AS quarantined_holds,
              (SELECT count(*) FROM hold) AS open_holds, (SELECT count(*) FROM waiting_charge) AS waiting_charges`,
    );
    return row;
  }
}

const rulesSql = `
  SELECT
    (SELECT count(*) FROM (
       SELECT currency FROM (
         SELECT currency, sum(paid) + sum(granted) AS credit FROM book_head GROUP BY currency
         UNION ALL SELECT currency, sum(credit) - sum(debit) FROM account_total GROUP BY currency) stored
        GROUP BY currency HAVING sum(credit) <> 0) uneven) AS trial_balance,
    (SELECT count(*) FROM book_head WHERE paid + granted < held) AS negative_available,
    (SELECT count(*) FROM book_head b LEFT JOIN (SELECT book_id, sum(amount) AS held FROM hold GROUP BY book_id) h USING (book_id)
      WHERE b.held <> coalesce(h.held, 0)) AS held,
    (SELECT count(*) FROM lot WHERE amount <> used + refunded + reserved + remaining) AS lots,
    (SELECT count(*) FROM book_head b
       LEFT JOIN (SELECT book_id, sum(remaining) AS remaining FROM lot GROUP BY book_id) l USING (book_id)
      WHERE b.paid <> coalesce(l.remaining, 0)) AS paid,
    (SELECT count(*) FROM (
       SELECT currency FROM (
         SELECT t.currency, sum(t.credit) - sum(t.debit) AS pending FROM account_total t JOIN account a ON a.code = t.account
          WHERE a.name = 'refunds:pending' GROUP BY t.currency
         UNION ALL
         SELECT b.currency, -sum((item ->> 'amount')::numeric) FROM refund r JOIN book_head b USING (book_id)
           CROSS JOIN LATERAL json_array_elements(r.items::json) item GROUP BY b.currency) both_sides
        GROUP BY currency HAVING sum(pending) <> 0) uneven) AS pending_refunds`;
