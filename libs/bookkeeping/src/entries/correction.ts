import type { Units18 } from '@app/money';
import type { BudgetUse, Lot, LotPart } from '../book-state.ts';
import type { CommandOf, DraftOf } from '../draft.ts';
import { id, listOf, record, type ValueOf } from '../memo-field.ts';
import { collectionFields } from './charge.ts';
import { endedLotMemo } from './external-refund.ts';
import { budgetUseMemo } from './hold.ts';

const collectionMemo = record(collectionFields);

/** The memo of a correction: `before` is reversed, `after` takes its place; `reopened` are lots that had ended. */
export const correctionMemo = record({
  chargeId: id,
  reason: id,
  before: collectionMemo,
  after: collectionMemo,
  reopened: listOf(endedLotMemo),
  budgets: listOf(budgetUseMemo),
});

/** A charge was recorded wrong: reversed and replaced, with the same lots restored. */
export type Correction = DraftOf<'correction', ValueOf<typeof correctionMemo>>;

/** How a charge was collected: charge = granted + paid + uncollected. */
export interface Collection {
  readonly charge: Units18;
  readonly granted: Units18;
  readonly paid: Units18;
  readonly uncollected: Units18;
  readonly lots: readonly LotPart[];
}

/** Corrects a charge to `charge`. */
export interface CorrectCharge extends CommandOf<'correct-charge'> {
  readonly chargeId: string;
  /** A code. */
  readonly reason: string;
  readonly charge: Units18;
  /** The charge as it stands, after earlier corrections; the shell looks it up. */
  readonly standing: Collection & { readonly budgets: readonly BudgetUse[] };
  /** Those of the lots in `standing` that are no longer open. */
  readonly endedLots: readonly Lot[];
}
