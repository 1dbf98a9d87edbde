import { invariant } from '@app/decider';
import { Units18 } from '@app/money';
import type { AccountId } from './account.ts';

/** Moves one amount from one account to another; balanced because it has only one amount. */
export interface Posting {
  readonly debit: AccountId;
  readonly credit: AccountId;
  /** Greater than zero, always: direction is told by debit and credit, never by a sign. */
  readonly amount: Units18;
}

/** Makes a posting; an amount that is not positive, or an account that pays itself, is a bug. */
export function posting(debit: AccountId, credit: AccountId, amount: Units18): Posting {
  invariant(amount > 0n, 'direction is told by debit and credit, never by the sign');
  invariant(debit !== credit, 'an account cannot pay itself');
  return { debit, credit, amount };
}

/** The posting, or none where there is nothing to move. */
export function postingUnlessZero(debit: AccountId, credit: AccountId, amount: Units18): readonly Posting[] {
  return amount === Units18.zero ? [] : [posting(debit, credit, amount)];
}

/** The posting that undoes a posting. */
export function reversed({ debit, credit, amount }: Posting): Posting {
  return { debit: credit, credit: debit, amount };
}
