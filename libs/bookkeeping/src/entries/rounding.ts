import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, oneOf, record, type ValueOf } from '../memo-field.ts';

/** The memo of a rounding: a `loss` lowers our money at the channel, a `gain` raises it. */
export const roundingMemo = record({ roundingId: id, channel: id, outcome: oneOf('loss', 'gain'), amount });

/** Our figure and a channel's differ by less than one minor unit, because the channel rounds. */
export type Rounding = DraftOf<'rounding', ValueOf<typeof roundingMemo>>;

/** Takes a channel's rounding into our books; less than one minor unit, more is a break that needs a name. */
export interface PostRounding extends CommandOf<'post-rounding'> {
  readonly roundingId: string;
  readonly channel: string;
  readonly outcome: 'loss' | 'gain';
  readonly amount: Units18;
}
