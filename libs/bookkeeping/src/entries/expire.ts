import type { HoldEnd } from '../book-state.ts';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of an expiry. */
export const expireMemo = record({ holdId: id, amount });

/** A hold ended because its gateway was not heard of in time. */
export type HoldExpired = DraftOf<'expire', ValueOf<typeof expireMemo>>;

/**
 * Ends a hold whose time is over at `occurredAt`. The lease of its gateway, and whether metering has the call, are
 * outside the journal: the shell asks only where neither keeps the hold. A hold that has ended is left as it is.
 */
export interface ExpireHold extends CommandOf<'expire-hold'> {
  readonly holdId: string;
  readonly ended: HoldEnd;
}
