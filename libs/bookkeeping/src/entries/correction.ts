import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import { availableOf, type BookState, type BudgetUse, type Lot, type LotPart } from '../book-state.ts';
import { ifNegative } from '../checks.ts';
import { type Collection, collect, collectionOf, collectionPostings } from '../collection.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { id, listOf, record, type ValueOf } from '../memo-field.ts';
import { reversed } from '../posting.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';
import { collectionFields } from './charge.ts';
import { endedLotMemo, endedLotOf } from './external-refund.ts';
import { budgetUseMemo, budgetUsesOf } from './hold.ts';

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

/** Corrects a charge to `charge`. */
export interface CorrectCharge extends CommandOf<'correct-charge'> {
  readonly chargeId: string;
  /** A code. */
  readonly reason: string;
  readonly charge: Units18;
  /** The charge as it stands, after earlier corrections; the shell looks it up. */
  readonly standing: Collection & { readonly budgets: readonly BudgetUse[] };
  /** The lots in `standing` that are no longer open; the writer looks them up. */
  readonly endedLots: readonly Lot[];
}

/** Decides a correction. What stays is paid by the same lots as before; what is added is collected like any charge. */
export function decideCorrectCharge(command: CorrectCharge, book: BookState): Decision<Correction, Refusal> {
  const { chargeId, reason, charge, standing } = command;
  const refusal = ifNegative(charge) ?? ifNotCorrectable(command, book) ?? ifPaidByTooMany(standing);
  if (refusal !== undefined) return refuse(refusal);
  const before = collectionOf(standing);
  const budgets = budgetUsesOf(standing.budgets);
  const after = corrected(book, before, charge);
  const postings = [
    ...collectionPostings(book.bookId, before).map(reversed),
    ...collectionPostings(book.bookId, after),
  ];
  const reopened = command.endedLots.filter((lot) => isNeeded(lot, before, book)).map(endedLotOf);
  const memo = { chargeId, reason, before, after, reopened, budgets };
  return accept(draft(command, book, { kind: 'correction', postings, memo }));
}

/** Restores the lots of the charge as it was, and takes from them what it is. */
export function evolveCorrection(book: WorkingBook, { memo }: Correction): void {
  for (const lot of memo.reopened) book.putLot(lot);
  for (const { topUpId, amount } of memo.before.lots) {
    book.changeLot(topUpId, { used: Units18.negate(amount), remaining: amount });
  }
  book.useLots(memo.after.lots);
  book.spend(memo.budgets, Units18.subtract(memo.after.charge, memo.before.charge));
}

function ifNotCorrectable(
  { chargeId, charge, standing }: CorrectCharge,
  book: BookState,
): Refusal | undefined {
  const waiting = book.waiting.find((other) => other.chargeId === chargeId);
  if (waiting !== undefined)
    return { code: 'charge-still-waiting', chargeId, waitsUntil: waiting.waitsUntil };
  return charge === standing.charge ? { code: 'nothing-to-correct', chargeId, charge } : undefined;
}

/** A correction names the lots of the charge as it was, as it is, and as they are opened again. */
const correctedLotsMax = 400;

function ifPaidByTooMany({ lots }: Collection): Refusal | undefined {
  if (lots.length <= correctedLotsMax) return undefined;
  return { code: 'too-many-lots', lots: lots.length, lotsMax: correctedLotsMax };
}

function isNeeded(lot: Lot, before: Collection, book: BookState): boolean {
  const named = before.lots.some(({ topUpId }) => topUpId === lot.topUpId);
  return named && book.lots.every(({ topUpId }) => topUpId !== lot.topUpId);
}

/** Keeps what the charge still covers, in the order in which it was paid, and collects what is new. */
function corrected(book: BookState, before: Collection, charge: Units18): Collection {
  const granted = Units18.min(before.granted, charge);
  const paid = Units18.min(before.paid, Units18.subtract(charge, granted));
  const uncollected = Units18.min(before.uncollected, rest(charge, granted, paid));
  const added = collect(book, rest(charge, Units18.add(granted, paid), uncollected), availableOf(book));
  return {
    charge,
    granted: Units18.add(granted, added.granted),
    paid: Units18.add(paid, added.paid),
    uncollected: Units18.add(uncollected, added.uncollected),
    lots: merged([...partsOf(before.lots, paid), ...added.lots]),
  };
}

function rest(charge: Units18, first: Units18, second: Units18): Units18 {
  return Units18.subtract(charge, Units18.add(first, second));
}

/** The first parts that come to an amount. */
function partsOf(parts: readonly LotPart[], amount: Units18): LotPart[] {
  const kept: LotPart[] = [];
  let missing = amount;
  for (const part of parts) {
    const taken = Units18.min(missing, part.amount);
    if (taken > 0n) kept.push({ topUpId: part.topUpId, amount: taken });
    missing = Units18.subtract(missing, taken);
  }
  return kept;
}

function merged(parts: readonly LotPart[]): LotPart[] {
  const sums = new Map<string, Units18>();
  for (const { topUpId, amount } of parts) {
    sums.set(topUpId, Units18.add(sums.get(topUpId) ?? Units18.zero, amount));
  }
  return [...sums].map(([topUpId, amount]) => ({ topUpId, amount }));
}
