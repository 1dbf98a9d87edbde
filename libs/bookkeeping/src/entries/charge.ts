import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import { availableOf, type BookState, type BudgetUse, type HoldEnd } from '../book-state.ts';
import { ifNegative } from '../checks.ts';
import { collect, collectionPostings } from '../collection.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import type { Instant } from '../instant.ts';
import { amount, id, listOf, oneOf, optional, record, type ValueOf } from '../memo-field.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';
import type { ChargeWaiting } from './charge-waiting.ts';
import { budgetUseMemo, budgetUsesOf } from './hold.ts';

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

/** The hold that a charge was meant to settle, and why it could not. */
export interface MissedHold {
  readonly holdId: string;
  readonly ended: Exclude<HoldEnd, 'settled'>;
}

/** Decides a charge that never had a hold. */
export function decideChargeUsage(
  command: ChargeUsage,
  book: BookState,
): Decision<Charge | ChargeWaiting, Refusal> {
  return decideWithoutHold(command, book, null);
}

/** Decides a charge without an open hold: collected now, or waiting behind others and for money. */
export function decideWithoutHold(
  command: CommandOf<string> & ChargeFacts,
  book: BookState,
  hold: MissedHold | null,
): Decision<Charge | ChargeWaiting, Refusal> {
  const { chargeId, keyId, priceVersionId, charge, waitsUntil } = command;
  const refusal = ifNegative(charge) ?? ifWaiting(book, chargeId);
  if (refusal !== undefined) return refuse(refusal);
  const budgets = budgetUsesOf(command.budgets);
  if (mustWait(command, book)) {
    const memo = {
      chargeId,
      keyId,
      priceVersionId,
      holdId: hold?.holdId ?? null,
      charge,
      waitsUntil,
      budgets,
    };
    return accept(draft(command, book, { kind: 'charge-waiting', postings: [], memo }));
  }
  const collected = collect(book, charge, availableOf(book));
  const postings = collectionPostings(book.bookId, collected);
  const { granted, paid, uncollected, lots } = collected;
  const memo: Charge['memo'] = {
    chargeId,
    keyId,
    priceVersionId,
    hold,
    charge,
    granted,
    paid,
    uncollected,
    lots,
    budgets,
  };
  return accept(draft(command, book, { kind: 'charge', postings, memo }));
}

/** Takes the money from the lots, and counts the charge against its budgets. */
export function evolveCharge(book: WorkingBook, { memo }: Charge): void {
  book.useLots(memo.lots);
  book.spend(memo.budgets, memo.charge);
}

function ifWaiting(book: BookState, chargeId: string): Refusal | undefined {
  const waits = book.waiting.some((charge) => charge.chargeId === chargeId);
  return waits ? { code: 'charge-exists', chargeId } : undefined;
}

function mustWait(command: CommandOf<string> & ChargeFacts, book: BookState): boolean {
  if (command.charge === Units18.zero || command.waitsUntil <= command.occurredAt) return false;
  return book.waiting.length > 0 || command.charge > availableOf(book);
}
