import type { CallStarted, EventOf } from '@app/contracts';
import type { UsageFamily } from '@app/rating';
import type { PinnedPrice } from './call-end.ts';
import type { CallBound } from './hold-amount.ts';
import type { BudgetLimit } from './holds.ts';
import type { OutputLimit } from '../endpoints/endpoint.ts';

type Started = EventOf<typeof CallStarted>['data'];

/** A call that has its hold and its price and may go to the provider. */
export interface AdmittedCall {
  /** What both events of the call say. */
  readonly facts: Omit<Started, 'hold' | 'deadline'>;
  readonly hold: Started['hold'];
  /** The budgets that the hold counts against. */
  readonly limits: readonly BudgetLimit[];
  /** Without an end by then, metering closes the call uncharged. */
  readonly deadline: string;
  readonly price: PinnedPrice;
  readonly limit: OutputLimit;
  /** The most that the call can use. */
  readonly bound: CallBound;
  /** Whose usage bodies the provider writes. */
  readonly family: UsageFamily;
  /** Which provider answers; undefined before one did. */
  readonly upstream?: string;
  /** The provider knows the model by another name, which the client is not shown. */
  readonly isRenamed?: boolean;
  /** The output of all choices that the hold covers at first. */
  readonly outputTokensHeld: number;
  /** The output of all choices that the call may have at most; beyond what is held, the hold is extended. */
  readonly outputTokensMax: number;
}
