import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of a top-up: it opens the lot `topUpId`. */
export const topUpMemo = record({ topUpId: id, channel: id, amount, providerReference: id });

/** Money that a customer paid in. */
export type TopUp = DraftOf<'top-up', ValueOf<typeof topUpMemo>>;

/** Credits a settled top-up to the wallet. */
export interface CreditTopUp extends CommandOf<'credit-top-up'> {
  readonly topUpId: string;
  readonly channel: string;
  readonly amount: Units18;
  readonly providerReference: string;
}
