import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import { grantedAccount } from '../account.ts';
import type { BookState } from '../book-state.ts';
import { unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import { posting } from '../posting.ts';
import type { Refusal } from '../refusal.ts';

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

/** Decides a compensation. */
export function decideCompensate(command: Compensate, book: BookState): Decision<Compensation, Refusal> {
  const { chargeId, reasonId, standing } = command;
  const compensable = Units18.max(Units18.zero, Units18.subtract(standing.charge, standing.compensated));
  const refusal = unlessPositive(command.amount) ?? ifCompensated(command, compensable);
  if (refusal !== undefined) return refuse(refusal);
  const postings = [posting('expense:compensation', grantedAccount(book.bookId), command.amount)];
  const memo = { chargeId, reasonId, amount: command.amount };
  return accept(draft(command, book, { kind: 'compensation', postings, memo }));
}

function ifCompensated(command: Compensate, compensable: Units18): Refusal | undefined {
  const { chargeId, reasonId, amount: requested, standing } = command;
  if (standing.reasonIds.includes(reasonId)) return { code: 'already-compensated', chargeId, reasonId };
  return requested > compensable ? { code: 'exceeds-charge', chargeId, requested, compensable } : undefined;
}
