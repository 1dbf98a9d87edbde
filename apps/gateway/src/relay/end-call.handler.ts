import { log, metrics } from '@app/observability';
import { inputKinds, normaliseUsage, type TokenCounts as Kinds, type Usage } from '@app/rating';
import { Injectable } from '@nestjs/common';
import type { ModelRequest, Observed } from '../endpoints/endpoint.ts';
import type { AdmittedCall } from './admitted-call.ts';
import {
  type CallEnd,
  charged,
  endOfCall,
  type Passage,
  type Report,
  reportOf,
  type Uncounted,
  uncharged,
} from './call-end.ts';
import { countDelivered } from './delivered-count.ts';
import { TokenCounts } from './token-counts.ts';

/** Whether what was delivered before a provider failed is given away. */
export class UpstreamErrorWaiver {
  constructor(readonly isOn: boolean) {}
}

/** A call and what was asked in it. */
export interface AskedCall {
  readonly call: AdmittedCall;
  readonly request: ModelRequest;
}

/** What is known of an answer when it ends. */
type Delivered = Pick<Observed, 'usageSoFar'> & { texts(): readonly string[] };

const uncounted = metrics.counter({
  name: 'gateway_uncounted_calls_total',
  help: 'Calls without reported usage that were not charged because their tokens could not be counted in time.',
  labels: ['reason'],
});
const nothing: Delivered = { texts: () => [] };

/** Says what a call costs, counting what was delivered where the provider did not report it. */
@Injectable()
export class EndCallHandler {
  constructor(
    private readonly counts: TokenCounts,
    private readonly waiver: UpstreamErrorWaiver,
  ) {}

  /** The end of a call whose answer had begun. */
  async handle(
    asked: AskedCall,
    meter: Observed & Delivered,
    passage: Passage,
  ): Promise<CallEnd & { readonly report: Report }> {
    const { price } = asked.call;
    const terms = { price, family: asked.call.family, waivesUpstreamErrors: this.waiver.isOn };
    const end = endOfCall(meter, passage, terms);
    const report = reportOf(meter, terms);
    return { ...('charge' in end ? end : await this.counted(asked, meter, end)), report };
  }

  /** S8: the provider had the whole request when the client left, so it is at work on it: the input is charged. */
  async leftUnanswered(asked: AskedCall): Promise<CallEnd> {
    return this.counted(asked, nothing, { source: 'counted_partial', otherwise: 'client_left_early' });
  }

  private async counted(
    { call, request }: AskedCall,
    delivered: Delivered,
    { source, otherwise }: Uncounted,
  ): Promise<CallEnd> {
    try {
      const counted = await countDelivered(request, delivered.texts(), this.counts);
      const { tokens, estimated } = withReportedInput(counted, delivered.usageSoFar, call);
      return charged({ tokens, units: {}, source, estimated }, call.price);
    } catch (error) {
      uncounted.inc({ reason: otherwise });
      log().error({ err: error, callId: call.facts.callId }, 'A call was not charged: it was not counted');
      return uncharged(otherwise);
    }
  }
}

type Counted = Pick<Usage, 'tokens' | 'estimated'>;

/** A provider that told the input at the beginning knows it better than we do. */
function withReportedInput(counted: Counted, reported: unknown, { family }: AdmittedCall): Counted {
  if (reported === undefined) return counted;
  const usage = normaliseUsage(family, reported);
  if (!usage.accepted) return counted;
  const { tokens } = usage.events[0];
  const input: Kinds = Object.fromEntries(inputKinds.map((kind) => [kind, tokens[kind]]));
  return { tokens: { ...input, output: counted.tokens.output }, estimated: counted.estimated };
}
