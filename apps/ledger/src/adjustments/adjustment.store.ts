import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** Where an adjustment stands. */
export type AdjustmentStatus = 'pending' | 'expired' | 'rejected' | 'approved' | 'posted' | 'refused';

/** An adjustment as people see it. */
export interface AdjustmentView {
  readonly adjustmentId: string;
  readonly template: string;
  readonly status: AdjustmentStatus;
  /** The canonical bytes that were asked for, and their SHA-256: what an approval is for. */
  readonly payload: string;
  readonly payloadSha256: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly decidedBy: string;
  readonly decidedAt: string;
  readonly decisionReason: string;
  /** The entry that it became; an empty book where there is none. */
  readonly bookId: string;
  readonly version: string;
  readonly eventId: string;
  /** Why it was not recorded though approved. */
  readonly refusal: string;
  readonly detail: string;
}

/** What is asked for. */
export interface NewAdjustment {
  readonly adjustmentId: string;
  readonly template: string;
  readonly bookId: string;
  readonly eventId: string;
  readonly aboutId: string;
  readonly payload: string;
  readonly payloadSha256: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestKey: string;
  readonly expirySeconds: number;
}

/** What a person decided. */
export interface NewDecision {
  readonly adjustmentId: string;
  readonly verdict: 'approved' | 'rejected';
  readonly decidedBy: string;
  readonly reason: string;
}

/** What became of an approved adjustment. */
export interface AdjustmentOutcome {
  readonly version: string | null;
  readonly refusal: string | null;
  readonly detail: string;
}

/** Adjustments, what was decided about them and what became of them; only ever added to. */
@Injectable()
export class AdjustmentStore {
  constructor(private readonly database: Database) {}

  /** Adds one; the id of the first, where the same person asked with the same key before. */
  async add(tx: Tx, asked: NewAdjustment): Promise<string> {
    const { adjustmentId, template, bookId, eventId, aboutId, payload, payloadSha256 } = asked;
    const { reason, requestedBy, requestKey, expirySeconds } = asked;
    await tx.query(
      `INSERT INTO adjustment (adjustment_id, template, book_id, event_id, about_id, payload, payload_sha256, reason,
                               requested_by, request_key, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + $11 * interval '1 second')
       ON CONFLICT (requested_by, request_key) DO NOTHING`,
      [
        ...[adjustmentId, template, bookId, eventId, aboutId, payload, payloadSha256],
        ...[reason, requestedBy, requestKey, expirySeconds],
      ],
    );
    const [row] = await tx.query<{ id: string }>(
      'SELECT adjustment_id AS id FROM adjustment WHERE requested_by = $1 AND request_key = $2',
      [requestedBy, requestKey],
    );
    return row?.id ?? adjustmentId;
  }

  /** Adds a decision; false where one was made before. The database refuses the maker, a late one, and other bytes. */
  async decide(tx: Tx, { adjustmentId, verdict, decidedBy, reason }: NewDecision): Promise<boolean> {
    const rows = await tx.query(
      `INSERT INTO adjustment_decision (adjustment_id, payload_sha256, requested_by, expires_at, verdict, decided_by, reason)
       SELECT adjustment_id, payload_sha256, requested_by, expires_at, $2, $3, $4 FROM adjustment WHERE adjustment_id = $1
       ON CONFLICT (adjustment_id) DO NOTHING RETURNING 1`,
      [adjustmentId, verdict, decidedBy, reason],
    );
    return rows.length > 0;
  }

  /** Keeps what became of one. */
  async finish(tx: Tx, adjustmentId: string, { version, refusal, detail }: AdjustmentOutcome): Promise<void> {
    await tx.query(
      `INSERT INTO adjustment_outcome (adjustment_id, version, refusal, detail) VALUES ($1, $2, $3, $4)
       ON CONFLICT (adjustment_id) DO NOTHING`,
      [adjustmentId, version, refusal, detail],
    );
  }

  /** One adjustment, or undefined. */
  async one(adjustmentId: string): Promise<AdjustmentView | undefined> {
    const [row] = await this.database.query<AdjustmentView>(`${viewSql} WHERE a.adjustment_id = $1`, [
      adjustmentId,
    ]);
    return row;
  }

  /** Whether it is known what became of one. */
  async isFinished(tx: Tx, adjustmentId: string): Promise<boolean> {
    const rows = await tx.query('SELECT 1 FROM adjustment_outcome WHERE adjustment_id = $1', [adjustmentId]);
    return rows.length > 0;
  }

  /** Adjustments that were approved so long ago, and nothing became of them; the earliest first. */
  leftApproved(seconds: number, limit: number): Promise<AdjustmentView[]> {
    return this.database.query<AdjustmentView>(
      `${viewSql} WHERE d.verdict = 'approved' AND o.adjustment_id IS NULL
          AND d.decided_at < clock_timestamp() - make_interval(secs => $1) ORDER BY d.decided_at LIMIT $2`,
      [seconds, limit],
    );
  }

  /** Adjustments, the latest first, before a place. */
  list(status: string, before: string, limit: number): Promise<AdjustmentView[]> {
    return this.database.query<AdjustmentView>(
      `SELECT * FROM (${viewSql}) v
        WHERE ($1 = '' OR v.status = $1) AND ($2 = '' OR v."adjustmentId" COLLATE "C" < $2)
        ORDER BY v."adjustmentId" COLLATE "C" DESC LIMIT $3`,
      [status, before, limit],
    );
  }

  /** Event ids of the adjustments of a book that are about one matter. */
  async eventIdsAbout(bookId: string, aboutId: string): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT event_id AS id FROM adjustment WHERE book_id = $1 AND about_id = $2 AND about_id <> ''`,
      [bookId, aboutId],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * What is left of money in suspense beside one adjustment, by what the journal has of the others: a process may have died
   * between an entry and its outcome.
   */
  async suspenseLeft(
    { bookId, eventId }: Pick<AdjustmentView, 'bookId' | 'eventId'>,
    { suspenseId, channel, currency }: { suspenseId: string; channel: string; currency: string },
  ): Promise<string> {
    const [row] = await this.database.query<{ left: string }>(
      `SELECT trim_scale(coalesce(sum(CASE a.template WHEN 'suspense-in' THEN 1 ELSE -1 END * (p ->> 'amount')::numeric), 0))::text AS left
         FROM (SELECT DISTINCT ON (book_id, event_id) adjustment.* FROM adjustment JOIN entry USING (book_id, event_id)
                WHERE about_id = $1 AND entry.fingerprint = decode(payload_sha256, 'hex') AND (book_id, event_id) <> ($4, $5)
                ORDER BY book_id, event_id, adjustment_id) a
         CROSS JOIN LATERAL (SELECT a.payload::json -> 'amount' AS p) amount
        WHERE a.template LIKE 'suspense-%' AND a.payload::json ->> 'channel' = $2 AND p ->> 'currency' = $3`,
      [suspenseId, channel, currency, bookId, eventId],
    );
    return row?.left ?? '0';
  }
}

const viewSql = `
  SELECT a.adjustment_id AS "adjustmentId", a.template, a.payload, a.payload_sha256 AS "payloadSha256", a.reason,
         a.requested_by AS "requestedBy", a.requested_at AS "requestedAt", a.expires_at AS "expiresAt",
         coalesce(d.decided_by, '') AS "decidedBy", coalesce(d.reason, '') AS "decisionReason",
         coalesce(to_char(d.decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '') AS "decidedAt",
         a.book_id AS "bookId", coalesce(o.version::text, '') AS version, a.event_id AS "eventId",
         coalesce(o.refusal, '') AS refusal, coalesce(o.detail, '') AS detail,
         CASE WHEN o.refusal IS NOT NULL THEN 'refused'
              WHEN o.adjustment_id IS NOT NULL THEN 'posted'
              WHEN d.verdict IS NOT NULL THEN d.verdict
              WHEN a.expires_at < clock_timestamp() THEN 'expired'
              ELSE 'pending' END AS status
    FROM adjustment a
    LEFT JOIN adjustment_decision d USING (adjustment_id)
    LEFT JOIN adjustment_outcome o USING (adjustment_id)`;
