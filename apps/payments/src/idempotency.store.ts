import { createHash } from 'node:crypto';
import { canonicalText } from '@app/contracts';
import type { Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';

/** A request that may be sent twice. */
export interface KeyedRequest {
  readonly customerId: string;
  readonly operation: 'start-top-up' | 'request-refund';
  readonly key: string;
  /** What the key stands for; a changed request under the same key is refused. */
  readonly request: Readonly<Record<string, unknown>>;
}

/** Remembers, for ever, which order or refund a customer's key stands for. */
@Injectable()
export class IdempotencyKeys {
  /**
   * Gives the subject of an earlier request with this key, or takes the key for `subjectId` and gives undefined.
   * Two requests at once meet here: the second waits for the first one's commit. Throws a Problem for a changed request.
   */
  async take(
    tx: Tx,
    { customerId, operation, key, request }: KeyedRequest,
    subjectId: string,
  ): Promise<string | undefined> {
    checkKey(key);
    const hash = createHash('sha256').update(canonicalText(request)).digest();
    const taken = await tx.query(
      `INSERT INTO idempotency_key (customer_id, operation, key, request_hash, subject_id) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING RETURNING subject_id`,
      [customerId, operation, key, hash, subjectId],
    );
    if (taken.length > 0) return undefined;
    const [known] = await tx.query<{ request_hash: Buffer; subject_id: string }>(
      'SELECT request_hash, subject_id FROM idempotency_key WHERE customer_id = $1 AND operation = $2 AND key = $3',
      [customerId, operation, key],
    );
    if (known?.request_hash.equals(hash) !== true) throw changed;
    return known.subject_id;
  }
}

function checkKey(key: string): void {
  if (/^[\x21-\x7e]{1,128}$/.test(key)) return;
  throw new Problem({
    code: 'missing-idempotency-key',
    detail: 'A request that moves money needs a key of 1 to 128 printable ASCII characters without spaces.',
    field: 'idempotencyKey',
    remedy:
      'Send the header Idempotency-Key with a new random value for each new request, and the same for a repeat.',
  });
}

const changed = new Problem({
  code: 'different-request',
  detail: 'This idempotency key was used before with another request.',
  field: 'idempotencyKey',
  remedy: 'Use a new key for a new request; repeat a request with the same key and the same content.',
});
