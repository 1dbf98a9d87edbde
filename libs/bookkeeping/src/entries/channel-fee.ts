import { accept, type Decision, refuse } from '@app/decider';
import type { Units18 } from '@app/money';
import type { BookState } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import { posting } from '../posting.ts';
import type { Refusal } from '../refusal.ts';

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

/** Decides a fee. */
export function decideTakeChannelFee(
  command: TakeChannelFee,
  book: BookState,
): Decision<ChannelFee, Refusal> {
  const { feeId, channel } = command;
  const refusal = unlessPositive(command.amount);
  if (refusal !== undefined) return refuse(refusal);
  const postings = [posting('expense:channel-fees', `clearing:${channel}`, command.amount)];
  const memo = { feeId, channel, amount: command.amount };
  return accept(draft(command, book, { kind: 'channel-fee', postings, memo }));
}
