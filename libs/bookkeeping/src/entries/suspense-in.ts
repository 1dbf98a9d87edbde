import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of money without an owner. */
export const suspenseInMemo = record({ suspenseId: id, channel: id, amount });

/** Money came in, and nobody knows yet whose it is. */
export type SuspenseIn = DraftOf<'suspense-in', ValueOf<typeof suspenseInMemo>>;

/** Records money without an owner, in a platform book. */
export interface ReceiveSuspense extends CommandOf<'receive-suspense'> {
  readonly suspenseId: string;
  readonly channel: string;
  readonly amount: Units18;
}
