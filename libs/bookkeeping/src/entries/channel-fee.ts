import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of a fee that a channel took. */
export const channelFeeMemo = record({ feeId: id, channel: id, amount });

/** A channel took its fee out of our money there. */
export type ChannelFee = DraftOf<'channel-fee', ValueOf<typeof channelFeeMemo>>;

/** Records a channel's fee, in the book of the payment or in a platform book. */
export interface TakeChannelFee extends CommandOf<'take-channel-fee'> {
  readonly feeId: string;
  readonly channel: string;
  readonly amount: Units18;
}
