import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of suspense money that found its owner: it opens the lot `topUpId`. */
export const suspenseOutMemo = record({ suspenseId: id, topUpId: id, channel: id, amount });

/** Money in suspense became a top-up of the customer whose book this is. */
export type SuspenseOut = DraftOf<'suspense-out', ValueOf<typeof suspenseOutMemo>>;

/** Assigns money in suspense to the customer whose book this is. */
export interface AssignSuspense extends CommandOf<'assign-suspense'> {
  readonly suspenseId: string;
  readonly topUpId: string;
  readonly channel: string;
  readonly amount: Units18;
}
