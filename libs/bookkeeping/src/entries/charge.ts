import type { Units18 } from '@app/money';
import type { BudgetUse } from '../book-state.ts';
import type { CommandOf, DraftOf } from '../draft.ts';
import type { Instant } from '../instant.ts';
import { amount, id, listOf, oneOf, optional, record, type ValueOf } from '../memo-field.ts';
import { budgetUseMemo } from './hold.ts';

/** The memo of a part of a lot. */
export const lotPartMemo = record({ topUpId: id, amount });

/** The fields that say how a charge was collected: charge = granted + paid + uncollected, and which top-ups paid. */
export const collectionFields = {
  charge: amount,
  granted: amount,
  paid: amount,
  uncollected: amount,
  lots: listOf(lotPartMemo),
} as const;

/** The memo of a charge without a hold; `hold` says which hold was meant, and why it could not be settled. */
export const chargeMemo = record({
  chargeId: id,
  keyId: optional(id),
  priceVersionId: optional(id),
  hold: optional(record({ holdId: id, ended: oneOf('released', 'expired', 'never-seen') })),
  ...collectionFields,
  budgets: listOf(budgetUseMemo),
});

/** A call was charged that had no hold, or whose hold had ended. */
export type Charge = DraftOf<'charge', ValueOf<typeof chargeMemo>>;

/** What every charge says. */
export interface ChargeFacts {
  /** The id of the call. */
  readonly chargeId: string;
  readonly keyId: string | null;
  readonly priceVersionId: string | null;
  /** Exact, never rounded; zero for a call at price zero. */
  readonly charge: Units18;
  /** A charge without an open hold that exceeds what is available waits for money until then. */
  readonly waitsUntil: Instant;
  /** The budgets it counts against where there is no open hold that names them. */
  readonly budgets: readonly BudgetUse[];
}

/** Charges a call that never had a hold. Never refused for want of money. */
export interface ChargeUsage extends CommandOf<'charge-usage'>, ChargeFacts {}
