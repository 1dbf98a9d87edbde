import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { Finding } from './break.ts';
import { comparisons } from './comparisons.ts';

/** Sums of both sides of a day, as exact decimal text. */
export interface Figures {
  readonly payments: Both;
  readonly refunds: Both;
  readonly fees: { readonly taken: string; readonly returned: string };
  readonly settled: string;
  readonly opening: string;
  readonly closing: string;
}

interface Both {
  readonly theirs: { readonly count: number; readonly sum: string };
  readonly ours: { readonly count: number; readonly sum: string };
}

interface FigureRow {
  readonly payments: number;
  readonly paid: string;
  readonly refunds: number;
  readonly refunded: string;
  readonly our_payments: number;
  readonly our_paid: string;
  readonly our_refunds: number;
  readonly our_refunded: string;
  readonly taken: string;
  readonly returned: string;
  readonly settled: string;
  readonly opening: string;
  readonly closing: string;
}

/** Compares the bills of a day with our payments and refunds, in the database: a day of a million lines costs no memory here. */
@Injectable()
export class Comparison {
  constructor(private readonly database: Database) {}

  /** Every difference of the day; at most `limit` of each kind, for a bill that has nothing to do with us is one break. */
  async findingsOf(channel: string, day: string, limit: number): Promise<readonly Finding[]> {
    const findings: Finding[] = [];
    for (const comparison of comparisons) {
      const rows = await this.database.query<Finding>(
        `SELECT class, key, number, reference, trim_scale(theirs)::text AS theirs, trim_scale(ours)::text AS ours,
                occurred_at AS "occurredAt"
           FROM (${comparison}) AS found ORDER BY occurred_at, key LIMIT $3`,
        [channel, day, limit],
      );
      findings.push(...rows);
    }
    return findings;
  }

  async figuresOf(channel: string, day: string): Promise<Figures> {
    const [row] = await this.database.query<FigureRow>(figuresSql, [channel, day]);
    if (!row) throw new Error('Sums of nothing are a row too.');
    return {
      payments: {
        theirs: { count: row.payments, sum: row.paid },
        ours: { count: row.our_payments, sum: row.our_paid },
      },
      refunds: {
        theirs: { count: row.refunds, sum: row.refunded },
        ours: { count: row.our_refunds, sum: row.our_refunded },
      },
      fees: { taken: row.taken, returned: row.returned },
      settled: row.settled,
      ...{ opening: row.opening, closing: row.closing },
    };
  }

  /** Items of refunds that the bill names and that have not ended here. */
  async unendedItems(channel: string, day: string): Promise<readonly string[]> {
    const rows = await this.database.query<{ item_id: string }>(
      `SELECT item_id FROM trade_line JOIN refund_item ON refund_item.number = refund_number
        WHERE trade_line.channel = $1 AND day = $2 AND ended_at IS NULL`,
      [channel, day],
    );
    return rows.map(({ item_id: id }) => id);
  }
}

const sumOf = (what: string): string => `trim_scale(COALESCE(sum(amount) FILTER (WHERE ${what}), 0))`;

/** The opening balance is where the last bill with movements closed; before the first one, what its first line began from. */
const figuresSql = `
  WITH trades AS (
    SELECT count(*) FILTER (WHERE kind = 'payment')::int AS payments, ${sumOf(`kind = 'payment'`)} AS paid,
           count(*) FILTER (WHERE kind = 'refund')::int AS refunds, ${sumOf(`kind = 'refund'`)} AS refunded
      FROM trade_line WHERE channel = $1 AND day = $2),
  funds AS (
    SELECT ${sumOf(`kind = 'fee'`)} AS taken, ${sumOf(`kind = 'fee-returned'`)} AS returned,
           ${sumOf(`kind = 'settled'`)} AS settled
      FROM fund_line WHERE channel = $1 AND day = $2),
  our_payments AS (
    SELECT count(*)::int AS our_payments, trim_scale(COALESCE(sum(COALESCE(credited, amount)), 0)) AS our_paid
      FROM top_up WHERE channel = $1 AND method <> 'transfer' AND provider_reference IS NOT NULL
       AND paid_at >= $2::date::timestamp AT TIME ZONE 'Asia/Shanghai'
       AND paid_at < ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'),
  our_refunds AS (
    SELECT count(*)::int AS our_refunds, trim_scale(COALESCE(sum(refund_item.amount), 0)) AS our_refunded
      FROM refund_item JOIN trade_line ON refund_number = refund_item.number
     WHERE trade_line.channel = $1 AND day = $2 AND refund_item.status <> 'failed'),
  before AS (
    SELECT balance FROM fund_line WHERE channel = $1 AND day < $2 ORDER BY day DESC, line DESC LIMIT 1),
  first AS (
    SELECT balance - CASE direction WHEN 'in' THEN amount ELSE -amount END AS balance
      FROM fund_line WHERE channel = $1 AND day = $2 ORDER BY line LIMIT 1),
  last AS (
    SELECT balance FROM fund_line WHERE channel = $1 AND day = $2 ORDER BY line DESC LIMIT 1)
  SELECT trades.*, funds.*, our_payments.*, our_refunds.*,
         trim_scale(COALESCE((SELECT balance FROM before), (SELECT balance FROM first), 0)) AS opening,
         trim_scale(COALESCE((SELECT balance FROM last), (SELECT balance FROM before), 0)) AS closing
    FROM trades, funds, our_payments, our_refunds`;
