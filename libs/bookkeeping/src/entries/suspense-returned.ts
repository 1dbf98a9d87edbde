import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of suspense money that went back. */
export const suspenseReturnedMemo = record({ suspenseId: id, channel: id, amount });

/** Money in suspense went back to where it came from. */
export type SuspenseReturned = DraftOf<'suspense-returned', ValueOf<typeof suspenseReturnedMemo>>;

/** Returns money in suspense, in the platform book that received it. */
export interface ReturnSuspense extends CommandOf<'return-suspense'> {
  readonly suspenseId: string;
  readonly channel: string;
  readonly amount: Units18;
}
