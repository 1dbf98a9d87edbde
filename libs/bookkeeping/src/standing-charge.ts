import { Units18 } from '@app/money';
import type { BudgetUse } from './book-state.ts';
import { type Collection, collectionOf } from './collection.ts';
import type { Entry } from './entry.ts';

/** A charge as it stands after its corrections, and what was given for it: what corrections and compensations need. */
export interface StandingCharge extends Collection {
  readonly budgets: readonly BudgetUse[];
  readonly compensated: Units18;
  readonly reasonIds: readonly string[];
}

/**
 * How a charge stands, from the entries of its book that name it, in order. Undefined where none charges it, or where it
 * still waits.
 */
export function standingCharge(chargeId: string, entries: Iterable<Entry>): StandingCharge | undefined {
  let collection: Collection | undefined;
  let budgets: readonly BudgetUse[] = [];
  let compensated: Units18 = Units18.zero;
  const reasonIds: string[] = [];
  for (const { kind, memo } of named(chargeId, entries)) {
    if (kind === 'compensation') {
      compensated = Units18.add(compensated, memo.amount);
      reasonIds.push(memo.reasonId);
      continue;
    }
    if ('budgets' in memo) ({ budgets } = memo);
    if (kind === 'correction') collection = memo.after;
    else if (kind !== 'charge-waiting') collection = collectionOf(memo);
  }
  return collection === undefined ? undefined : { ...collection, budgets, compensated, reasonIds };
}

type Naming = Extract<Entry, { memo: { chargeId: string } }>;

function* named(chargeId: string, entries: Iterable<Entry>): Generator<Naming> {
  for (const entry of entries) {
    if ('chargeId' in entry.memo && entry.memo.chargeId === chargeId) yield entry as Naming;
  }
}
