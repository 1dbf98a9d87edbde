import { log, metrics } from '@app/observability';
import type { Caller } from '@app/transport';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { AdjustmentStore } from './adjustment.store.ts';
import { PostAdjustmentHandler } from './post-adjustment.handler.ts';

/** An approval is finished by its own request; one that is older than this was left by a process that ended. */
const leftAfterSeconds = 30;
const atOnceMax = 100;

/** Who finishes what two people agreed on, in the audit trail. */
const ledger: Caller = { subject: 'haoli/ledger', clientId: 'haoli/ledger', scopes: new Set() };

const finished = metrics.counter({
  name: 'ledger_adjustments_finished_total',
  help: 'Approved adjustments that a process left half-way, and that were finished by another.',
});

/** Records what two people agreed on where the process that took the approval ended before it had done so. */
@Injectable()
export class FinishAdjustmentsHandler {
  constructor(
    private readonly adjustments: AdjustmentStore,
    private readonly posting: PostAdjustmentHandler,
  ) {}

  async handle(): Promise<void> {
    for (const approved of await this.adjustments.leftApproved(leftAfterSeconds, atOnceMax)) {
      try {
        await this.posting.post(ledger, approved);
      } catch (error) {
        // What the books refuse is kept as the outcome; anything else is tried again at the next look.
        if (error instanceof Problem && error.status < 500) continue;
        log().error(
          { err: error, adjustmentId: approved.adjustmentId },
          'An approved adjustment cannot be recorded',
        );
        continue;
      }
      finished.inc();
    }
  }
}
