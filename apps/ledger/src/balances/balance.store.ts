import { sendableOf } from '@app/bookkeeping';
import { Units18 } from '@app/money';
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
  /**
   * What a refund may take: min(paid, available), and of each top-up no more than may still be sent back through its payment.
   * Of an earlier instant it is min(paid, available) as it was: nobody can ask for a refund then.
   */
  readonly refundable: string;
  readonly version: string;
  readonly asOf: string;
}

/** Balances, read from the head of a book, or from the entry that was the last at an instant. */
@Injectable()
export class BalanceStore {
  constructor(private readonly database: Database) {}

  /** The balances of those customers that have a book, now. */
  async now(customerIds: readonly string[]): Promise<Balance[]> {
    const rows = await this.database.query<BalanceRow>(nowSql, [customerIds]);
    return rows.map(balanceOf);
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

/** A top-up of which more remains than may be sent back: a charge-back took it from others, or a correction gave it back. */
interface LimitedLot {
  readonly amount: string;
  readonly remaining: string;
  readonly sent: string;
}

interface BalanceRow extends Balance {
  readonly limited: readonly LimitedLot[] | null;
}

function balanceOf({ limited, ...balance }: BalanceRow): Balance {
  if (limited === null) return balance;
  const [paid, available] = [Units18.fromText(balance.paid), Units18.fromText(balance.available)];
  const kept = limited.map((lot) => {
    const remaining = Units18.fromText(lot.remaining);
    const figures = { amount: Units18.fromText(lot.amount), remaining, sent: Units18.fromText(lot.sent) };
    return Units18.subtract(remaining, sendableOf(figures, balance.currency));
  });
  const sendable = Units18.subtract(paid, Units18.sum(kept));
  return { ...balance, refundable: Units18.toText(Units18.min(available, sendable)) };
}

const figures = (paid: string, granted: string, held: string): string => `
  trim_scale(${paid})::text AS paid, trim_scale(${granted})::text AS granted, trim_scale(${held})::text AS held,
  trim_scale(${paid} + ${granted} - ${held})::text AS available,
  trim_scale(least(${paid}, ${paid} + ${granted} - ${held}))::text AS refundable`;

const nowSql: PreparedStatement = {
  name: 'balances_now',
  text: `
  SELECT book_id AS "customerId", currency, version, recorded_at AS "asOf", ${figures('paid', 'granted', 'held')},
         (SELECT json_agg(json_build_object('amount', l.amount::text, 'remaining', l.remaining::text, 'sent', l.sent::text)) FROM lot l
           WHERE l.book_id = book_head.book_id AND l.sent > 0 AND l.remaining > 0 AND l.sent + l.remaining > l.amount) AS limited
    FROM book_head WHERE book_id = ANY($1::text[]) ORDER BY book_id`,
};

const asOfSql: PreparedStatement = {
  name: 'balance_as_of',
  text: `
  SELECT book_id AS "customerId", currency, version, $2::timestamptz AS "asOf",
         ${figures('paid_after', 'granted_after', 'held_after')}
    FROM entry_as_of($1, $2::timestamptz)`,
};
