import type { HoldEnd } from '../book-state.ts';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, optional, record, type ValueOf } from '../memo-field.ts';
import { type ChargeFacts, collectionFields } from './charge.ts';

/** The memo of a settlement: `held` is what was set aside, all of which ends here. */
export const settleMemo = record({
  holdId: id,
  chargeId: id,
  keyId: optional(id),
  priceVersionId: optional(id),
  held: amount,
  ...collectionFields,
});

/** A hold ended by the charge of its call: in part, in full, or in excess. */
export type HoldSettled = DraftOf<'settle', ValueOf<typeof settleMemo>>;

/**
 * Charges a call and ends its hold. A hold that was released, has expired or was never seen makes it a charge without
 * a hold; one that was settled is refused, because the call was already charged.
 */
export interface SettleHold extends CommandOf<'settle-hold'>, ChargeFacts {
  readonly holdId: string;
  readonly ended: HoldEnd;
}
