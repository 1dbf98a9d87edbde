import type { Usage } from '@app/rating';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { endedBefore, type QuarantinePlace, type ResolutionView } from './resolution.ts';

/** A call that waits for a person. */
export interface QuarantinedCall {
  readonly customer_id: string;
  readonly call_id: string;
  readonly event_id: string;
  readonly code: string;
  readonly reason: string;
  readonly event: unknown;
  readonly quarantined_at: string;
}

/** A quarantined end with its call, as both were written down. */
export interface QuarantinedEnd {
  readonly code: string;
  readonly resolved_at: string | null;
  readonly outcome: string;
  readonly source: string;
  readonly key_id: string | null;
  readonly hold_id: string | null;
  readonly model: string;
  readonly endpoint: string;
  readonly price_version_id: string | null;
  readonly rate_card: string | null;
  readonly occurred_at: string;
  readonly status_code: number | null;
  readonly raw_usage: string | null;
  /** The database's clock. */
  readonly at: string;
}

/** A resolution to be kept. */
export interface NewResolution extends QuarantinePlace {
  readonly action: ResolutionView['action'];
  readonly reason: string;
  readonly usage: Pick<Usage, 'tokens' | 'units'> | null;
  readonly priceVersionId: string | null;
  readonly charge: string | null;
  readonly currency: string | null;
  readonly actor: string;
  readonly clientId: string;
}

/** How many calls wait, by how long they have. */
export interface WaitingCalls {
  readonly fresh: number;
  readonly old: number;
}

const resolutionColumns = `customer_id AS "customerId", call_id AS "callId", event_id AS "eventId", action, reason,
  coalesce(usage->'tokens', '{}') AS tokens, coalesce(usage->'units', '{}') AS units,
  coalesce(price_version_id, '') AS "priceVersionId", coalesce(trim_scale(charge)::text, '') AS charge,
  coalesce(currency, '') AS currency, actor, client_id AS "clientId", resolved_at AS "resolvedAt"`;

/** Calls that wait for a person, and what became of them. */
@Injectable()
export class QuarantineStore {
  constructor(private readonly database: Database) {}

  /** What waits, oldest first. */
  open(rowsMax: number): Promise<readonly QuarantinedCall[]> {
    return this.database.query<QuarantinedCall>(
      `SELECT customer_id, call_id, event_id, code, reason, event, quarantined_at
         FROM quarantine WHERE resolved_at IS NULL ORDER BY quarantined_at LIMIT $1`,
      [rowsMax],
    );
  }

  /** How many wait, and how many of them longer than so many seconds. */
  async waiting(oldSeconds: number): Promise<WaitingCalls> {
    const [row] = await this.database.query<WaitingCalls>(
      `SELECT (count(*) FILTER (WHERE quarantined_at >= clock_timestamp() - $1 * interval '1 second'))::int AS fresh,
              (count(*) FILTER (WHERE quarantined_at < clock_timestamp() - $1 * interval '1 second'))::int AS old
         FROM quarantine WHERE resolved_at IS NULL`,
      [oldSeconds],
    );
    return row ?? { fresh: 0, old: 0 };
  }

  /** A quarantined end, held until the transaction ends, so that one person at a time decides about it. */
  async take(tx: Tx, { customerId, callId, eventId }: QuarantinePlace): Promise<QuarantinedEnd | undefined> {
    const [row] = await tx.query<QuarantinedEnd>(
      `SELECT code, resolved_at, outcome, source, key_id, hold_id, model, endpoint, price_version_id, rate_card,
              occurred_at, status_code, raw_usage, clock_timestamp() AS at
         FROM quarantine JOIN call USING (customer_id, call_id)
        WHERE customer_id = $1 AND call_id = $2 AND event_id = $3 FOR UPDATE OF quarantine`,
      [customerId, callId, eventId],
    );
    return row;
  }

  /** What became of an end; undefined while it waits. */
  async resolutionOf(
    tx: Tx,
    { customerId, callId, eventId }: QuarantinePlace,
  ): Promise<ResolutionView | undefined> {
    const [row] = await tx.query<ResolutionView>(
      `SELECT ${resolutionColumns} FROM quarantine_resolution
        WHERE customer_id = $1 AND call_id = $2 AND event_id = $3`,
      [customerId, callId, eventId],
    );
    return row;
  }

  /** Resolutions after a place, in the order in which they were made. */
  resolutions(
    after: string,
    rowsMax: number,
  ): Promise<readonly (ResolutionView & { readonly id: string })[]> {
    return this.database.query(
      `SELECT id::text, ${resolutionColumns} FROM quarantine_resolution WHERE id > $1 ORDER BY quarantine_resolution.id LIMIT $2`,
      [after, rowsMax],
    );
  }

  /** Ends the wait of these, and keeps by whom and why. */
  async resolve(tx: Tx, resolutions: readonly NewResolution[]): Promise<void> {
    await tx.query(
      `WITH given AS (
         SELECT * FROM json_to_recordset($1::json) AS row ("customerId" text, "callId" text, "eventId" text, action text,
                reason text, usage json, "priceVersionId" text, charge numeric, currency text, actor text, "clientId" text)),
       ended AS (
         UPDATE quarantine SET resolved_at = clock_timestamp() FROM given
          WHERE customer_id = "customerId" AND call_id = "callId" AND event_id = "eventId")
       INSERT INTO quarantine_resolution
         (customer_id, call_id, event_id, action, reason, usage, price_version_id, charge, currency, actor, client_id)
       SELECT * FROM given ORDER BY "customerId", "callId", "eventId"`,
      [JSON.stringify(resolutions)],
    );
  }

  /**
   * Quarantined ends of calls that have kept a hold for longer than so many seconds; taken until the transaction ends. Each
   * call once: an end that came after one keeps no hold, and waits for a person.
   */
  takeOverdue(tx: Tx, seconds: number, rowsMax: number): Promise<readonly OverdueEnd[]> {
    return tx.query<OverdueEnd>(
      `SELECT customer_id AS "customerId", call_id AS "callId", event_id AS "eventId", hold_id AS "holdId",
              clock_timestamp() AS at
         FROM quarantine JOIN call USING (customer_id, call_id)
        WHERE resolved_at IS NULL AND quarantined_at < clock_timestamp() - $1 * interval '1 second'
          AND outcome = 'quarantined' AND hold_id IS NOT NULL AND code <> $3
        ORDER BY quarantined_at LIMIT $2 FOR UPDATE OF quarantine SKIP LOCKED`,
      [seconds, rowsMax, endedBefore],
    );
  }
}

/** A quarantined end whose hold nobody may keep any longer. */
export interface OverdueEnd extends QuarantinePlace {
  readonly holdId: string;
  readonly at: string;
}
