import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of a compensation. */
export const compensationMemo = record({ chargeId: id, reasonId: id, amount });

/** Goodwill for a charge, as granted credit. */
export type Compensation = DraftOf<'compensation', ValueOf<typeof compensationMemo>>;

/** Compensates a charge: once for each reason, in total at most the charge. */
export interface Compensate extends CommandOf<'compensate'> {
  readonly chargeId: string;
  readonly reasonId: string;
  readonly amount: Units18;
  /** The charge as it stands, after corrections, and what was given for it before; the shell looks it up. */
  readonly standing: {
    readonly charge: Units18;
    readonly compensated: Units18;
    readonly reasonIds: readonly string[];
  };
}
