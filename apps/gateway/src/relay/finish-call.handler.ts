import type { CallFinished, EventOf } from '@app/contracts';
import { log, metrics } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.ts';
import type { AdmittedCall } from './admitted-call.ts';
import type { CallEnd, Report } from './call-end.ts';
import { CallJournal } from './call-journal.ts';

/** How a call ended, for the record. */
export interface Ending {
  readonly end: CallEnd['end'];
  /** What the client was answered, or would have been. */
  readonly statusCode: number;
  /** What the provider reported, and what was seen, against which metering checks the usage once more. */
  readonly report?: Report | undefined;
}

const rawUsageMax = 16_384;
const calls = metrics.counter({
  name: 'gateway_calls_total',
  help: 'Calls that went to a provider, by how they ended.',
  labels: ['outcome', 'reason'],
});

/** Tells metering how a call ended; after that only metering ends its hold. */
@Injectable()
export class FinishCallHandler {
  constructor(
    private readonly journal: CallJournal,
    private readonly clock: Clock,
  ) {}

  async handle({ facts, upstream }: AdmittedCall, ending: Ending): Promise<void> {
    const { end, statusCode } = ending;
    const finishedAt = this.clock.now();
    const event: EventOf<typeof CallFinished> = {
      id: `${facts.callId}:finished`,
      type: 'CallFinished',
      source: 'haoli/gateway',
      time: finishedAt,
      subject: facts.customerId,
      data: {
        ...facts,
        ...(upstream === undefined ? {} : { upstream }),
        finishedAt,
        statusCode,
        end,
        ...told(ending.report),
      },
    };
    const reason = end.kind === 'usage' ? '' : end.reason;
    calls.inc({ outcome: end.kind, reason: end.kind === 'impossible' ? '' : reason });
    log().info(
      { callId: facts.callId, customerId: facts.customerId, outcome: end.kind, reason },
      'A call ended',
    );
    await this.journal.finished(event);
  }
}

/** The provider's own report, for metering to read again. */
function told(report: Report | undefined) {
  const rawUsage = rawUsageOf(report?.usage);
  return {
    rawUsage,
    ...(report === undefined || rawUsage === null ? {} : { usageFamily: report.family, seen: report.seen }),
  };
}

function rawUsageOf(usage: unknown): string | null {
  if (usage === undefined) return null;
  const text = JSON.stringify(usage);
  return text.length > rawUsageMax ? null : text;
}
