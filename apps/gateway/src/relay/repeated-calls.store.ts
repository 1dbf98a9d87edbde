import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** A request that its client named, so that it can be known again. */
export interface NamedRequest {
  readonly keyId: string;
  readonly idempotencyKey: string;
  /** Of the endpoint and the body. */
  readonly requestHash: Buffer;
}

/** An answer as it was given. */
export interface GivenAnswer {
  readonly callId: string;
  /** JSON. */
  readonly answer: string;
}

/** What is known of a named request: `begun` means that this one is the first, and at which instant it was taken on. */
export type Beginning =
  | { readonly outcome: 'begun'; readonly begunAt: string }
  | { readonly outcome: 'under-way' }
  | { readonly outcome: 'different' }
  | ({ readonly outcome: 'answered' } & GivenAnswer);

interface Row {
  readonly sameRequest: boolean;
  readonly callId: string | null;
  readonly answer: string | null;
}

const keptHours = 24;
const forgottenAtOnce = 1_000;

/** The rows of named requests and their answers, kept for a day. */
@Injectable()
export class RepeatedCallsStore {
  constructor(private readonly database: Database) {}

  /**
   * Takes a request on, atomically with all that repeat it on any replica, or tells what became of the first one.
   * One without an answer after `abandonedSeconds` lost its gateway, and is taken on anew.
   */
  async begin(
    { keyId, idempotencyKey, requestHash }: NamedRequest,
    abandonedSeconds: number,
  ): Promise<Beginning> {
    const [begun] = await this.database.query<{ readonly begunAt: string }>(
      `INSERT INTO repeated_call AS known (key_id, idempotency_key, request_hash) VALUES ($1, $2, $3)
       ON CONFLICT (key_id, idempotency_key) DO UPDATE
          SET request_hash = excluded.request_hash, begun_at = clock_timestamp(), call_id = NULL, answer = NULL
        WHERE known.begun_at < clock_timestamp() - make_interval(hours => $4)
           OR known.answer IS NULL AND known.begun_at < clock_timestamp() - make_interval(secs => $5)
       RETURNING begun_at AS "begunAt"`,
      [keyId, idempotencyKey, requestHash, keptHours, abandonedSeconds],
    );
    if (begun !== undefined) return { outcome: 'begun', begunAt: begun.begunAt };
    const [row] = await this.database.query<Row>(
      `SELECT request_hash = $3 AS "sameRequest", call_id AS "callId", answer FROM repeated_call
        WHERE key_id = $1 AND idempotency_key = $2`,
      [keyId, idempotencyKey, requestHash],
    );
    // It failed in between: whoever asks again begins it.
    if (row === undefined) return { outcome: 'under-way' };
    if (!row.sameRequest) return { outcome: 'different' };
    const { callId, answer } = row;
    return callId === null || answer === null
      ? { outcome: 'under-way' }
      : { outcome: 'answered', callId, answer };
  }

  /** Keeps the answer, unless the request was taken for abandoned and taken on anew meanwhile. */
  async keep(
    { keyId, idempotencyKey }: NamedRequest,
    { callId, answer, begunAt }: GivenAnswer & { readonly begunAt: string },
  ): Promise<void> {
    await this.database.query(
      `UPDATE repeated_call SET call_id = $4, answer = $5
        WHERE key_id = $1 AND idempotency_key = $2 AND begun_at = $3`,
      [keyId, idempotencyKey, begunAt, callId, answer],
    );
  }

  /** Forgets a request that failed: repeated, it is a new call. */
  async forget({ keyId, idempotencyKey }: NamedRequest, begunAt: string): Promise<void> {
    await this.database.query(
      `DELETE FROM repeated_call WHERE key_id = $1 AND idempotency_key = $2 AND begun_at = $3 AND answer IS NULL`,
      [keyId, idempotencyKey, begunAt],
    );
  }

  /** Forgets what is older than a day. */
  async forgetOld(): Promise<void> {
    await this.database.query(
      `DELETE FROM repeated_call WHERE (key_id, idempotency_key) IN (
         SELECT key_id, idempotency_key FROM repeated_call
          WHERE begun_at < clock_timestamp() - make_interval(hours => $1) ORDER BY begun_at LIMIT $2)`,
      [keptHours, forgottenAtOnce],
    );
  }
}
