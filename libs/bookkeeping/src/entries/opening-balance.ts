import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of an opening balance: `paid` opens the lot `topUpId`, `granted` is credit. */
export const openingBalanceMemo = record({ topUpId: id, channel: id, paid: amount, granted: amount });

/** What a wallet brought along from the books before ours. */
export type OpeningBalance = DraftOf<'opening-balance', ValueOf<typeof openingBalanceMemo>>;

/** Takes over a balance from earlier books; its paid part is a lot, refunded through `channel`. */
export interface TakeOverBalance extends CommandOf<'take-over-balance'> {
  readonly topUpId: string;
  readonly channel: string;
  readonly paid: Units18;
  readonly granted: Units18;
}
