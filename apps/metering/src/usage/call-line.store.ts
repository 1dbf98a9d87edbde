import type { ChargeLine, PriceTerms } from '@app/contracts';
import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { CallsQuery } from './usage-query.ts';

/** A call as it was written down when it ended. */
export interface StoredCall {
  readonly call_id: string;
  readonly customer_id: string;
  readonly key_id: string | null;
  readonly model: string;
  readonly endpoint: string;
  readonly source: string;
  readonly occurred_at: string;
  readonly status_code: number | null;
  readonly tokens: Readonly<Record<string, number>>;
  readonly units: Readonly<Record<string, number>>;
  readonly charge: string | null;
  readonly currency: string | null;
  readonly price_version_id: string | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly usage_source: string | null;
  readonly estimated: boolean;
  readonly lines: readonly ChargeLine[] | null;
}

/** Where a page of calls begins: after this call, in the order of the list. */
export interface CallPlace {
  readonly occurredAt: string;
  readonly callId: string;
}

/** A call with all that its charge follows from. */
export interface StoredReceipt extends StoredCall {
  readonly hold_id: string | null;
  readonly ended_at: string;
  readonly raw_usage: string | null;
  readonly rate_card: string | null;
  readonly effective_from: string | null;
  readonly terms: PriceTerms | null;
}

const lineColumns = `call_id, customer_id, key_id, model, endpoint, source, occurred_at, status_code, tokens, units,
  trim_scale(charge)::text AS charge, currency, price_version_id, outcome, reason, usage_source, estimated, lines`;

/** What roll-ups know of a line too. */
const groupFilter = `($4::text IS NULL OR model = $4) AND ($5::text IS NULL OR key_id = $5)
  AND ($6::text IS NULL OR endpoint = $6) AND ($7::text IS NULL OR source = $7)`;

const lineFilter = `customer_id = $1 AND outcome IS NOT NULL
  AND ($2::timestamptz IS NULL OR occurred_at >= $2) AND ($3::timestamptz IS NULL OR occurred_at < $3)
  AND ${groupFilter} AND ($8::text IS NULL OR outcome = $8)
  AND ($9::timestamptz IS NULL OR (occurred_at, call_id) < ($9, $10::text))`;

const plainPage = `SELECT ${lineColumns} FROM call WHERE ${lineFilter} ORDER BY occurred_at DESC, call_id DESC LIMIT $11`;

const filteredPage = `
  SELECT ${lineColumns}
    FROM (SELECT DISTINCT quarter FROM usage_quarter
           WHERE customer_id = $1 AND ${groupFilter}
             AND ($2::timestamptz IS NULL OR quarter > $2::timestamptz - interval '15 minutes')
             AND ($3::timestamptz IS NULL OR quarter < $3) AND ($9::timestamptz IS NULL OR quarter <= $9)
           ORDER BY quarter DESC) AS place
   CROSS JOIN LATERAL (
     SELECT * FROM call
      WHERE ${lineFilter} AND occurred_at >= quarter AND occurred_at < quarter + interval '15 minutes'
      ORDER BY occurred_at DESC, call_id DESC LIMIT $11) AS line
   ORDER BY quarter DESC, occurred_at DESC, call_id DESC LIMIT $11`;

/** Reads ended calls. */
@Injectable()
export class CallLineStore {
  constructor(private readonly database: Database) {}

  /**
   * One more line than the page has, so that the reader knows whether another page follows. A page is read from where it
   * begins, however deep that is; where lines are filtered, quarters of an hour without such a line are passed over by
   * their sums.
   */
  async page(query: CallsQuery, after: CallPlace | undefined): Promise<readonly StoredCall[]> {
    const { customerId, from, to, model, keyId, endpoint, source, outcome, pageSize } = query;
    const isFiltered = [model, keyId, endpoint, source].some((value) => value !== undefined);
    const values = [
      ...[customerId, from, to, model, keyId, endpoint, source, outcome, after?.occurredAt, after?.callId],
      pageSize + 1,
    ];
    return this.database.query<StoredCall>(
      isFiltered ? filteredPage : plainPage,
      values.map((value) => value ?? null),
    );
  }

  /** One ended call, with what its receipt needs beside its line. */
  async find(customerId: string, callId: string): Promise<StoredReceipt | undefined> {
    const [row] = await this.database.query<StoredReceipt>(
      `SELECT ${lineColumns}, hold_id, ended_at, raw_usage, call.rate_card, version.effective_from, version.terms
         FROM call LEFT JOIN (SELECT price_version_id, effective_from, terms FROM price_version) AS version
                USING (price_version_id)
        WHERE customer_id = $1 AND call_id = $2 AND outcome IS NOT NULL`,
      [customerId, callId],
    );
    return row;
  }
}
