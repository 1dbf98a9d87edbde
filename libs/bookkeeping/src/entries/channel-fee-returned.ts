import { accept, type Decision, refuse } from '@app/decider';
import type { Units18 } from '@app/money';
import type { BookState } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import { posting } from '../posting.ts';
import type { Refusal } from '../refusal.ts';

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

/** Decides a fee that came back. */
export function decideReturnChannelFee(
  command: ReturnChannelFee,
  book: BookState,
): Decision<ChannelFeeReturned, Refusal> {
  const { feeId, channel } = command;
  const refusal = unlessPositive(command.amount);
  if (refusal !== undefined) return refuse(refusal);
  const postings = [posting(`clearing:${channel}`, 'expense:channel-fees', command.amount)];
  const memo = { feeId, channel, amount: command.amount };
  return accept(draft(command, book, { kind: 'channel-fee-returned', postings, memo }));
}
