import type { HoldEnd } from '../book-state.ts';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of a release: what was set aside, and the code of the reason. */
export const releaseMemo = record({ holdId: id, amount, reason: id });

/** A hold ended without a charge. */
export type HoldReleased = DraftOf<'release', ValueOf<typeof releaseMemo>>;

/** Ends a hold without a charge. A hold that was released or has expired is left as it is: nothing to record. */
export interface ReleaseHold extends CommandOf<'release-hold'> {
  readonly holdId: string;
  readonly reason: string;
  readonly ended: HoldEnd;
}
