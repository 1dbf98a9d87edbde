import type { Units18 } from '@app/money';
import type { AccountId } from './account.ts';
import type { Instant } from './instant.ts';

/** The pinned rate of a wallet's credit plan: `credits` credits cost `amount`. */
export interface PlanTerms {
  readonly code: string;
  readonly credits: Units18;
  readonly amount: Units18;
}

/** A budget that a hold or a charge counts against: an opaque scope, and the window of time, later ones sorting later. */
export interface BudgetUse {
  /** Such as `key:key_…:month`. */
  readonly scope: string;
  /** Such as `2026-11`; texts sort as the windows follow. */
  readonly window: string;
}

/** A limit on what one key or one customer may spend in a window of time. */
export interface BudgetLimit extends BudgetUse {
  readonly owner: 'key' | 'customer';
  readonly limit: Units18;
}

/** Money set aside for a call. */
export interface Hold {
  readonly holdId: string;
  readonly amount: Units18;
  readonly expiresAt: Instant;
  readonly callId: string | null;
  readonly keyId: string | null;
  readonly leaseId: string | null;
  readonly budgets: readonly BudgetUse[];
}

/** What became of a hold that is not open; `never-seen` where this book has no record of it. */
export type HoldEnd = 'settled' | 'released' | 'expired' | 'never-seen';

/**
 * What is left of one top-up: amount = used + refunded + reserved + remaining.
 * `refunded` is what was taken from the lot; `sent` is what went, or is on its way, to the payer through this payment.
 */
export interface Lot {
  readonly topUpId: string;
  readonly channel: string;
  /** The version of the entry that opened the lot; the oldest is spent first, the newest refunded first. */
  readonly openedBy: number;
  readonly amount: Units18;
  readonly used: Units18;
  readonly refunded: Units18;
  readonly reserved: Units18;
  readonly remaining: Units18;
  readonly sent: Units18;
}

/** A part of a lot: which top-up paid, and how much. */
export interface LotPart {
  readonly topUpId: string;
  readonly amount: Units18;
}

/** One payout of a refund: what goes back to the payment of one top-up, in whole minor units. */
export interface RefundItem {
  readonly itemId: string;
  readonly topUpId: string;
  readonly channel: string;
  /** What leaves: the sum of `takes` and `rounding`. */
  readonly amount: Units18;
  /** What a close-out was rounded up by, at our expense; only the last item has any. */
  readonly rounding: Units18;
  /** Which lots the money comes from. Where two lots share a minor unit, an item takes from both. */
  readonly takes: readonly LotPart[];
}

/** A refund with items that are neither paid nor failed. */
export interface OpenRefund {
  readonly refundId: string;
  readonly total: Units18;
  readonly paid: Units18;
  /** What went back to the wallet. */
  readonly givenBack: Units18;
  /** The items that are still to be paid, in their order. */
  readonly items: readonly RefundItem[];
}

/** A charge without a hold that waits for money. */
export interface WaitingCharge {
  readonly chargeId: string;
  readonly keyId: string | null;
  readonly amount: Units18;
  /** The event that brought the charge; what ends the wait is derived from it. */
  readonly eventId: string;
  /** Until then it waits; afterwards what is missing is uncollected. */
  readonly waitsUntil: Instant;
}

/** What counts against one budget in one window. */
export interface BudgetWindow {
  readonly window: string;
  readonly spent: Units18;
  readonly held: Units18;
}

/** The turnover of one account in one book. */
export interface AccountSum {
  readonly debit: Units18;
  readonly credit: Units18;
}

/**
 * One book as it stands after its last entry: the balances, and only what is open.
 * What has ended is in the journal; a command that needs it carries it.
 */
export interface BookState {
  readonly bookId: string;
  /** Empty until the first entry. */
  readonly currency: string;
  /** The number of the last entry; 0 before the first. */
  readonly version: number;
  readonly paid: Units18;
  readonly granted: Units18;
  readonly held: Units18;
  readonly plan: PlanTerms | null;
  readonly holds: ReadonlyMap<string, Hold>;
  /** Open lots, oldest first: those with something remaining or reserved. */
  readonly lots: readonly Lot[];
  readonly refunds: ReadonlyMap<string, OpenRefund>;
  /** Oldest first. */
  readonly waiting: readonly WaitingCharge[];
  readonly budgets: ReadonlyMap<string, readonly BudgetWindow[]>;
  readonly sums: ReadonlyMap<AccountId, AccountSum>;
  /** How holds ended since the changes were last taken: what no row can say yet. Not part of a snapshot. */
  readonly endedHolds: ReadonlyMap<string, Exclude<HoldEnd, 'never-seen'>>;
}

/** What the customer can spend now: paid + granted − held; never below zero. */
export function availableOf(book: Pick<BookState, 'paid' | 'granted' | 'held'>): Units18 {
  return (book.paid + book.granted - book.held) as Units18;
}

/** Whether the book belongs to the platform instead of a customer. */
export function isPlatformBook(bookId: string): boolean {
  return bookId.startsWith('platform:');
}
