import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of a fee that a channel gave back. */
export const channelFeeReturnedMemo = record({ feeId: id, channel: id, amount });

/** A channel gave a fee back, usually the part that belongs to a refund. */
export type ChannelFeeReturned = DraftOf<'channel-fee-returned', ValueOf<typeof channelFeeReturnedMemo>>;

/** Records that a channel gave a fee back. */
export interface ReturnChannelFee extends CommandOf<'return-channel-fee'> {
  readonly feeId: string;
  readonly channel: string;
  readonly amount: Units18;
}
