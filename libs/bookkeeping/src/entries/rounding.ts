import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import type { BookState } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, oneOf, record, type ValueOf } from '../memo-field.ts';
import { posting } from '../posting.ts';
import type { Refusal } from '../refusal.ts';

/** The memo of a rounding: a `loss` lowers our money at the channel, a `gain` raises it. */
export const roundingMemo = record({ roundingId: id, channel: id, outcome: oneOf('loss', 'gain'), amount });

/** Our figure and a channel's differ by less than one minor unit, because the channel rounds. */
export type Rounding = DraftOf<'rounding', ValueOf<typeof roundingMemo>>;

/** Takes a channel's rounding into our books; less than one minor unit, more is a break that needs a name. */
export interface PostRounding extends CommandOf<'post-rounding'> {
  readonly currency: string;
  readonly roundingId: string;
  readonly channel: string;
  readonly outcome: 'loss' | 'gain';
  readonly amount: Units18;
}

/** Decides a rounding, which is less than one minor unit. */
export function decidePostRounding(command: PostRounding, book: BookState): Decision<Rounding, Refusal> {
  const { roundingId, channel, outcome } = command;
  const minorUnit = Units18.ceilToMinor(Units18.of(1n), command.currency).rounded;
  const refusal = unlessPositive(command.amount) ?? ifWhole(command.amount, minorUnit);
  if (refusal !== undefined) return refuse(refusal);
  const clearing = `clearing:${channel}` as const;
  const postings = [
    outcome === 'loss'
      ? posting('expense:rounding', clearing, command.amount)
      : posting(clearing, 'expense:rounding', command.amount),
  ];
  const memo = { roundingId, channel, outcome, amount: command.amount };
  return accept(draft(command, book, { kind: 'rounding', postings, memo }));
}

function ifWhole(amount: Units18, minorUnit: Units18): Refusal | undefined {
  return amount < minorUnit ? undefined : { code: 'rounding-too-large', amount, minorUnit };
}
