import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { EndedCall } from '../calls/ended-call.ts';
import type { MarginLine } from './margin-line.ts';

/** Which days, and of which model. */
export interface MarginQuestion {
  readonly from: string;
  readonly to: string;
  readonly model: string | undefined;
}

/** What calls of one day and model brought in and cost. */
export interface MarginRow {
  readonly day: string;
  readonly model: string;
  readonly upstream: string;
  readonly currency: string;
  readonly calls: string;
  readonly uncharged: string;
  readonly charge: string;
  readonly cost: string;
  readonly margin: string;
}

/** What calls cost us: each call’s own cost, and the sums of each batch. Only ever added to. */
@Injectable()
export class MarginStore {
  constructor(private readonly database: Database) {}

  /** Keeps the sums of a batch: nobody waits for another, and a day is summed when it is read. */
  async addLines(tx: Tx, batchId: string, lines: readonly MarginLine[]): Promise<void> {
    if (lines.length === 0) return;
    await tx.query(
      `INSERT INTO margin (batch_id, day, model, price_version_id, upstream, currency, calls, uncharged, charge, cost)
       SELECT $1, day, model, "priceVersionId", upstream, currency, calls, uncharged, charge, cost
         FROM json_to_recordset($2::json) AS row (day date, model text, "priceVersionId" text, upstream text,
              currency text, calls bigint, uncharged bigint, charge numeric, cost numeric)`,
      [batchId, JSON.stringify(lines)],
    );
  }

  /** Keeps what each call cost. */
  async addCosts(tx: Tx, calls: readonly EndedCall[]): Promise<void> {
    const rows = calls.flatMap(({ customerId, callId, cost }) =>
      cost === null ? [] : [{ customerId, callId, ...cost }],
    );
    if (rows.length === 0) return;
    await tx.query(
      `INSERT INTO call_cost (customer_id, call_id, upstream, currency, cost)
       SELECT "customerId", "callId", upstream, currency, amount
         FROM json_to_recordset($1::json) AS row ("customerId" text, "callId" text, upstream text, currency text,
              amount numeric)
        ORDER BY "customerId", "callId"`,
      [JSON.stringify(rows)],
    );
  }

  /** Charge, cost and margin by day, model and upstream, both days included. */
  report({ from, to, model }: MarginQuestion): Promise<MarginRow[]> {
    return this.database.query<MarginRow>(
      `SELECT day::text, model, upstream, currency, sum(calls)::text AS calls, sum(uncharged)::text AS uncharged,
              trim_scale(sum(charge))::text AS charge, trim_scale(sum(cost))::text AS cost,
              trim_scale(sum(charge) - sum(cost))::text AS margin
         FROM margin WHERE day BETWEEN $1::date AND $2::date AND ($3::text IS NULL OR model = $3)
        GROUP BY margin.day, model, upstream, currency ORDER BY margin.day, model, upstream, currency`,
      [from, to, model ?? null],
    );
  }
}
