import { accept, type Decision, refuse } from '@app/decider';
import type { Units18 } from '@app/money';
import type { BookState } from '../book-state.ts';
import { ifNegative } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, count, id, record, type ValueOf } from '../memo-field.ts';
import { postingUnlessZero } from '../posting.ts';
import type { Refusal } from '../refusal.ts';

/** The memo of what one batch of calls cost at one upstream. */
export const upstreamCostMemo = record({ batchId: id, upstream: id, calls: count, amount });

/** What a batch of calls costs us, charged and uncharged ones alike. */
export type UpstreamCost = DraftOf<'upstream-cost', ValueOf<typeof upstreamCostMemo>>;

/** Accrues the cost of a batch of calls, in a platform book; zero is allowed. */
export interface AccrueUpstreamCost extends CommandOf<'accrue-upstream-cost'> {
  readonly batchId: string;
  readonly upstream: string;
  readonly calls: number;
  readonly amount: Units18;
}

/** Decides the cost of a batch of calls. */
export function decideAccrueUpstreamCost(
  command: AccrueUpstreamCost,
  book: BookState,
): Decision<UpstreamCost, Refusal> {
  const { batchId, upstream, calls } = command;
  const refusal = ifNegative(command.amount);
  if (refusal !== undefined) return refuse(refusal);
  const postings = postingUnlessZero('expense:upstream', `payable:upstream:${upstream}`, command.amount);
  const memo = { batchId, upstream, calls, amount: command.amount };
  return accept(draft(command, book, { kind: 'upstream-cost', postings, memo }));
}
