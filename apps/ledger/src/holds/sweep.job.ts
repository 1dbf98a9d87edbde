import { RepeatedJob } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { FinishAdjustmentsHandler } from '../adjustments/finish-adjustments.handler.ts';
import { DrainRefundsHandler } from '../refunds/drain-refunds.handler.ts';
import { Waits } from '../waits.ts';
import { SweepHandler } from './sweep.handler.ts';

/** Looks every few seconds for what is due. */
@Injectable()
export class SweepJob extends RepeatedJob {
  constructor(
    private readonly sweep: SweepHandler,
    private readonly finishAdjustments: FinishAdjustmentsHandler,
    private readonly drainRefunds: DrainRefundsHandler,
    waits: Waits,
  ) {
    super({ everyMs: waits.sweepSeconds * 1_000, failure: 'What is due could not be looked for' });
  }

  /** What fails in one kind does not keep the others waiting. */
  protected async round(): Promise<void> {
    const failures: unknown[] = [];
    for (const due of [this.sweep, this.finishAdjustments, this.drainRefunds])
      await due.handle().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'Some of what is due was not looked for');
  }
}
