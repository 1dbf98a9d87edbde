import type { Units18 } from '@app/money';
import type { Instant } from './instant.ts';

/** Why the ledger does not record what was asked; a closed list, each with the figures a person needs to do better. */
export type Refusal =
  /** The book has no entry: no plan was ever set. */
  | { readonly code: 'unknown-account'; readonly bookId: string }
  /** The kind of entry does not belong in this kind of book. */
  | { readonly code: 'wrong-book'; readonly bookId: string; readonly needs: 'customer' | 'platform' }
  /** A book has one currency. */
  | { readonly code: 'currency-mismatch'; readonly expected: string; readonly actual: string }
  /** The amount is below what this command takes. */
  | { readonly code: 'invalid-amount'; readonly amount: Units18; readonly atLeast: 'zero' | 'more-than-zero' }
  /** `affordable` is the largest amount that wallet and budgets would let pass now. */
  | {
      readonly code: 'insufficient-funds';
      readonly needed: Units18;
      readonly available: Units18;
      readonly affordable: Units18;
    }
  | BudgetExceeded<'key-budget-exceeded'>
  | BudgetExceeded<'customer-budget-exceeded'>
  | { readonly code: 'hold-exists'; readonly holdId: string; readonly amount: Units18 }
  | { readonly code: 'unknown-hold'; readonly holdId: string }
  | { readonly code: 'hold-settled'; readonly holdId: string }
  | { readonly code: 'hold-released'; readonly holdId: string }
  | { readonly code: 'hold-expired'; readonly holdId: string }
  | { readonly code: 'hold-not-expired'; readonly holdId: string; readonly expiresAt: Instant }
  /** An entry that names every lot must fit a message. */
  | { readonly code: 'too-many-lots'; readonly lots: number; readonly lotsMax: number }
  | { readonly code: 'lot-exists'; readonly topUpId: string }
  | { readonly code: 'charge-exists'; readonly chargeId: string }
  | { readonly code: 'charge-not-waiting'; readonly chargeId: string }
  | { readonly code: 'charge-still-waiting'; readonly chargeId: string; readonly waitsUntil: Instant }
  /** The correction says what the books already say. */
  | { readonly code: 'nothing-to-correct'; readonly chargeId: string; readonly charge: Units18 }
  | { readonly code: 'already-compensated'; readonly chargeId: string; readonly reasonId: string }
  | {
      readonly code: 'exceeds-charge';
      readonly chargeId: string;
      readonly requested: Units18;
      readonly compensable: Units18;
    }
  | { readonly code: 'refund-exists'; readonly refundId: string }
  /** `refundable` is in whole minor units: what could be asked for instead. */
  | { readonly code: 'exceeds-refundable'; readonly requested: Units18; readonly refundable: Units18 }
  | { readonly code: 'below-minor-unit'; readonly requested: Units18; readonly refundable: Units18 }
  | { readonly code: 'nothing-to-refund'; readonly refundable: Units18 }
  /** A close-out waits until every hold has ended. */
  | {
      readonly code: 'holds-open';
      readonly holds: number;
      readonly held: Units18;
      readonly refundable: Units18;
    }
  /** Usage that is not paid yet comes before a refund. */
  | { readonly code: 'charges-waiting'; readonly waiting: Units18; readonly refundable: Units18 }
  | { readonly code: 'unknown-refund-item'; readonly refundId: string; readonly itemId: string }
  | {
      readonly code: 'refund-item-differs';
      readonly itemId: string;
      readonly expected: Units18;
      readonly actual: Units18;
    }
  /** A rounding is less than one minor unit; more is a break that needs a name. */
  | { readonly code: 'rounding-too-large'; readonly amount: Units18; readonly minorUnit: Units18 };

/** A limit that a hold would break. */
interface BudgetExceeded<Code extends string> {
  readonly code: Code;
  readonly scope: string;
  readonly window: string;
  readonly limit: Units18;
  /** Spent and held in this window. */
  readonly spent: Units18;
  readonly held: Units18;
  readonly needed: Units18;
  readonly affordable: Units18;
}

/** The closed list of codes; a door has one table from code to status. */
export type RefusalCode = Refusal['code'];
