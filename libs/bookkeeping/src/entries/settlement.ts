import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of a settlement to the bank: from the clearing account of `channel` to that of `bank`. */
export const settlementMemo = record({ settlementId: id, channel: id, bank: id, amount });

/** A channel paid our money there out to our bank account. */
export type Settlement = DraftOf<'settlement', ValueOf<typeof settlementMemo>>;

/** Records a channel's payout to our bank, in a platform book. */
export interface SettleToBank extends CommandOf<'settle-to-bank'> {
  readonly settlementId: string;
  readonly channel: string;
  readonly bank: string;
  readonly amount: Units18;
}
