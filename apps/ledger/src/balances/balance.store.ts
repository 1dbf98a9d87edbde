import { Database, type PreparedStatement } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** A wallet as it stood: amounts are text, `asOf` is when its last entry was recorded or the instant asked for. */
export interface Balance {
  readonly customerId: string;
  readonly currency: string;
  readonly paid: string;
  readonly granted: string;
  readonly held: string;
  /** paid + granted − held. */
  readonly available: string;
  /** What a refund may take: min(paid, available). */
  readonly refundable: string;
  readonly version: string;
  readonly asOf: string;
}

/** Balances, read from the head of a book, or from the entry that was the last at an instant. */
@Injectable()
export class BalanceStore {
  constructor(private readonly database: Database) {}

  /** The balances of those customers that have a book, now. */
  now(customerIds: readonly string[]): Promise<Balance[]> {
    return this.database.query<Balance>(nowSql, [customerIds]);
  }

  /**
   * The balance as it was recorded at an instant, or undefined where the book began later or is unknown. One index look-up, prepared:
   * planning it, over all tables of the journal, would take several times as long.
   */
  async asOf(customerId: string, instant: string): Promise<Balance | undefined> {
    const [balance] = await this.database.query<Balance>(asOfSql, [customerId, instant]);
    return balance;
  }
}

const figures = (paid: string, granted: string, held: string): string => `
  trim_scale(${paid})::text AS paid, trim_scale(${granted})::text AS granted, trim_scale(${held})::text AS held,
  trim_scale(${paid} + ${granted} - ${held})::text AS available,
  trim_scale(least(${paid}, ${paid} + ${granted} - ${held}))::text AS refundable`;

const nowSql: PreparedStatement = {
  name: 'balances_now',
  text: `
  SELECT book_id AS "customerId", currency, version, recorded_at AS "asOf", ${figures('paid', 'granted', 'held')}
    FROM book_head WHERE book_id = ANY($1::text[]) ORDER BY book_id`,
};

const asOfSql: PreparedStatement = {
  name: 'balance_as_of',
  text: `
  SELECT book_id AS "customerId", currency, version, $2::timestamptz AS "asOf",
         ${figures('paid_after', 'granted_after', 'held_after')}
    FROM entry_as_of($1, $2::timestamptz)`,
};
