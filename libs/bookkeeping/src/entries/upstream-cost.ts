import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, count, id, record, type ValueOf } from '../memo-field.ts';

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
