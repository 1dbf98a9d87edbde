import { accept, type Decision, refuse } from '@app/decider';
import type { Units18 } from '@app/money';
import type { BookState } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import { posting } from '../posting.ts';
import type { Refusal } from '../refusal.ts';

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

/** Decides a channel's payout to our bank. */
export function decideSettleToBank(command: SettleToBank, book: BookState): Decision<Settlement, Refusal> {
  const { settlementId, channel, bank } = command;
  const refusal = unlessPositive(command.amount);
  if (refusal !== undefined) return refuse(refusal);
  const postings = [posting(`clearing:${bank}`, `clearing:${channel}`, command.amount)];
  const memo = { settlementId, channel, bank, amount: command.amount };
  return accept(draft(command, book, { kind: 'settlement', postings, memo }));
}
