import { log, metrics } from '@app/observability';
import { Injectable } from '@nestjs/common';
import type { AdmittedCall } from './admitted-call.ts';
import type { AnswerMeter } from './answer-meter.ts';
import { type CallEnd, charged, endOfCall, type Passage, type Uncounted, uncharged } from './call-end.ts';
import type { ChatRequest } from './chat-request.ts';
import { countDelivered } from './delivered-count.ts';
import { TokenCounts } from './token-counts.ts';

/** Whether what was delivered before a provider failed is given away. */
export class UpstreamErrorWaiver {
  constructor(readonly isOn: boolean) {}
}

/** A call and what was asked in it. */
export interface AskedCall {
  readonly call: AdmittedCall;
  readonly request: ChatRequest;
}

const uncounted = metrics.counter({
  name: 'gateway_uncounted_calls_total',
  help: 'Calls without reported usage that were not charged because their tokens could not be counted in time.',
  labels: ['reason'],
});

/** Says what a call costs, counting what was delivered where the provider did not report it. */
@Injectable()
export class EndCallHandler {
  constructor(
    private readonly counts: TokenCounts,
    private readonly waiver: UpstreamErrorWaiver,
  ) {}

  /** The end of a call whose answer had begun. */
  async handle(asked: AskedCall, meter: AnswerMeter, passage: Passage): Promise<CallEnd> {
    const { price } = asked.call;
    const end = endOfCall(meter, passage, { price, waivesUpstreamErrors: this.waiver.isOn });
    return 'charge' in end ? end : this.counted(asked, meter.text.texts(), end);
  }

  /** S8: the provider had the whole request when the client left, so it is at work on it: the input is charged. */
  async leftUnanswered(asked: AskedCall): Promise<CallEnd> {
    return this.counted(asked, [], { source: 'counted_partial', otherwise: 'client_left_early' });
  }

  private async counted(
    { call, request }: AskedCall,
    outputs: readonly string[],
    { source, otherwise }: Uncounted,
  ): Promise<CallEnd> {
    try {
      const { tokens, estimated } = await countDelivered(request, outputs, this.counts);
      return charged({ tokens, units: {}, source, estimated }, call.price);
    } catch (error) {
      uncounted.inc({ reason: otherwise });
      log().error({ err: error, callId: call.facts.callId }, 'A call was not charged: it was not counted');
      return uncharged(otherwise);
    }
  }
}
