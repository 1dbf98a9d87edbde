import { Units18 } from '@app/money';
import { Database, type Tx } from '@app/persistence';
import { type Caller, Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { Journal, type Outcome } from '../journal/journal.ts';
import { PeriodStore } from '../periods/period.store.ts';
import { problemOfRefusal } from '../refusal-problem.ts';
import { type ChargeInquiry, requestOfAdjustment } from './adjustment-request.ts';
import { Adjustment, type EntryAdjustment } from './adjustment-template.ts';
import { type AdjustmentOutcome, AdjustmentStore, type AdjustmentView } from './adjustment.store.ts';
import { AuditStore } from './audit.store.ts';
import { ChargeStore } from './charge.store.ts';

/** Records what two people agreed on, and keeps what became of it. Safe to do again after it was interrupted. */
@Injectable()
export class PostAdjustmentHandler {
  constructor(
    private readonly database: Database,
    private readonly journal: Journal,
    private readonly adjustments: AdjustmentStore,
    private readonly audit: AuditStore,
    private readonly charges: ChargeStore,
    private readonly periods: PeriodStore,
  ) {}

  /** Throws what the books refuse, after it was kept. */
  async post(caller: Caller, approved: AdjustmentView): Promise<void> {
    const adjustment = Adjustment.parse(JSON.parse(approved.payload));
    const problem = await this.database.transaction(async (tx) => {
      // Adjustments of one matter follow each other: how a charge stands is looked up before it is changed.
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('adjustment of ' || $1, 0))`, [
        'suspenseId' in adjustment ? adjustment.suspenseId : approved.bookId,
      ]);
      if (await this.adjustments.isFinished(tx, approved.adjustmentId)) return undefined;
      const result =
        'month' in adjustment
          ? await this.changePeriod(tx, approved, adjustment)
          : await this.postEntry(approved, adjustment);
      await this.finish(tx, caller, { approved, result });
      return result instanceof Problem ? result : undefined;
    });
    if (problem !== undefined) throw problem;
  }

  private async finish(
    tx: Tx,
    caller: Caller,
    { approved, result }: { approved: AdjustmentView; result: Problem | string },
  ): Promise<void> {
    const refused = result instanceof Problem;
    const outcome: AdjustmentOutcome = refused
      ? { version: null, refusal: result.code, detail: result.message }
      : {
          version: result === '' ? null : result,
          refusal: null,
          detail: result === '' ? 'nothing to record' : '',
        };
    await this.adjustments.finish(tx, approved.adjustmentId, outcome);
    const action = refused ? 'adjustment-refused' : 'adjustment-posted';
    const detail = refused ? result.code : `${approved.bookId}/${result}`;
    await this.audit.add(caller, { action, subjectId: approved.adjustmentId, detail }, tx);
  }

  private async changePeriod(
    tx: Tx,
    { adjustmentId }: AdjustmentView,
    { template, month }: Extract<Adjustment, { month: string }>,
  ): Promise<Problem | string> {
    const closed = template === 'close-period';
    const refusal = await this.periods.change(tx, { month, closed, adjustmentId });
    if (refusal === undefined) return '';
    const detail = `${month}: ${refusal.replaceAll('-', ' ')}.`;
    return new Problem({
      status: 409,
      code: refusal,
      field: 'month',
      detail,
      remedy: 'Look at the closed periods.',
    });
  }

  private async postEntry(approved: AdjustmentView, adjustment: EntryAdjustment): Promise<Problem | string> {
    const refusal = await this.suspenseProblem(approved, adjustment);
    if (refusal !== undefined) return refusal;
    const inquiry = await this.inquiryOf(adjustment);
    if (inquiry instanceof Problem) return inquiry;
    const [outcome] = await this.journal
      .post([requestOfAdjustment(approved, adjustment, inquiry)])
      .catch((error: unknown) => {
        const detail = 'The ledger cannot write at the moment. The same approval may be sent again.';
        throw new Problem({ code: 'unavailable', detail }, { cause: error });
      });
    return resultOf(outcome);
  }

  private async inquiryOf(adjustment: EntryAdjustment): Promise<ChargeInquiry | Problem | undefined> {
    if (!('chargeId' in adjustment)) return undefined;
    const { customerId, chargeId } = adjustment;
    const found = await this.charges.find(customerId, chargeId);
    if (found) return found;
    return new Problem({
      status: 404,
      code: 'unknown-charge',
      field: 'chargeId',
      detail: `${chargeId} was not charged to ${customerId}, or still waits for money.`,
      remedy: 'Look the call up in the usage of the customer.',
    });
  }

  /** Money leaves suspense once: no more of it than came in under this id, by this channel. */
  private async suspenseProblem(
    approved: AdjustmentView,
    adjustment: EntryAdjustment,
  ): Promise<Problem | undefined> {
    if (adjustment.template !== 'suspense-assign' && adjustment.template !== 'suspense-return')
      return undefined;
    const { suspenseId, channel, amount } = adjustment;
    const left = await this.adjustments.suspenseLeft(approved, {
      ...{ suspenseId, channel, currency: amount.currency },
    });
    if (Units18.fromText(amount.amount) <= Units18.fromText(left)) return undefined;
    return new Problem({
      status: 422,
      code: 'exceeds-suspense',
      field: 'amount',
      detail: `${left} ${amount.currency} is in suspense under ${suspenseId}.`,
      remedy: 'Give no more than what is in suspense.',
      data: { left },
    });
  }
}

/** The version of the entry, empty where nothing was to be recorded, or why it was refused. */
function resultOf(outcome: Outcome | undefined): Problem | string {
  if (outcome === undefined) throw new TypeError('The journal did not answer.');
  switch (outcome.kind) {
    case 'recorded':
      return outcome.entries.map(({ entry }) => entry.version.toString())[0] ?? '';
    case 'repeated':
      return outcome.first.version.toString();
    case 'unchanged':
      return '';
    case 'refused':
      return problemOfRefusal(outcome.refusal);
    case 'conflict': {
      const remedy = 'This was recorded before with other data; correct that instead.';
      return new Problem({ code: 'conflict', detail: outcome.reason, remedy });
    }
    case 'failed':
      throw new Problem({ code: 'internal-error', detail: outcome.reason });
  }
}
