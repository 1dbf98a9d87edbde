import { createHash } from 'node:crypto';
import { canonicalText, type Event } from '@app/contracts';

/**
 * SHA-256 over what an event says: type, subject and data, in sorted keys; neither bytes nor headers as they came.
 * The same id with another fingerprint is a conflict, not a repetition.
 */
export function fingerprintOf({ type, subject, data }: Event): Buffer {
  return createHash('sha256')
    .update(canonicalText([type, subject, data]))
    .digest();
}
