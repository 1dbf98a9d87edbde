import type { ChargeLine } from '@app/contracts';
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

/** A call that waits for a person. */
export interface QuarantinedCall {
  readonly customer_id: string;
  readonly call_id: string;
  readonly event_id: string;
  readonly code: string;
  readonly reason: string;
  readonly quarantined_at: string;
}

/** Reads ended calls. */
@Injectable()
export class CallLineStore {
  constructor(private readonly database: Database) {}

  /** One more line than the page has, so that the reader knows whether another page follows. */
  async page(query: CallsQuery, after: CallPlace | undefined): Promise<readonly StoredCall[]> {
    const { customerId, from, to, model, keyId, pageSize } = query;
    return this.database.query<StoredCall>(
      `SELECT call_id, customer_id, key_id, model, endpoint, source, occurred_at, status_code, tokens, units,
              trim_scale(charge)::text AS charge, currency, price_version_id, outcome, reason, usage_source, estimated, lines
         FROM call
        WHERE customer_id = $1 AND outcome IS NOT NULL
          AND ($2::timestamptz IS NULL OR occurred_at >= $2) AND ($3::timestamptz IS NULL OR occurred_at < $3)
          AND ($4::text IS NULL OR model = $4) AND ($5::text IS NULL OR key_id = $5)
          AND ($6::timestamptz IS NULL OR (occurred_at, call_id) < ($6, $7))
        ORDER BY occurred_at DESC, call_id DESC LIMIT $8`,
      [
        customerId,
        from ?? null,
        to ?? null,
        model ?? null,
        keyId ?? null,
        after?.occurredAt ?? null,
        after?.callId ?? null,
        pageSize + 1,
      ],
    );
  }

  /** What waits for a person, oldest first. */
  quarantined(rowsMax: number): Promise<readonly QuarantinedCall[]> {
    return this.database.query<QuarantinedCall>(
      `SELECT customer_id, call_id, event_id, code, reason, quarantined_at
         FROM quarantine WHERE resolved_at IS NULL ORDER BY quarantined_at LIMIT $1`,
      [rowsMax],
    );
  }
}
