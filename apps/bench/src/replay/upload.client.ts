import type { MeteringApi } from '@app/contracts';
import { type GrpcApi, grpcUpload } from '@app/transport';
import { patiently, ReplayFailed } from './patience.ts';
import { replayModel } from './platform.client.ts';
import { callIdOf, type Trace, type TracedCall } from './trace.ts';

const source = 'replay';

/** A call and the customer it belongs to. */
export interface OwnedCall {
  readonly call: TracedCall;
  readonly customerId: string;
}

/** What metering said of an upload. */
export interface UploadOutcome {
  readonly recorded: number;
  readonly duplicates: number;
}

/**
 * Reports all calls in one stream. Where metering goes away in the middle, or does not know a new customer yet, everything is
 * sent again: what was recorded is recognised. `sent` is told how far the stream is.
 */
export function uploadCalls(
  metering: GrpcApi<MeteringApi.Metering>,
  {
    trace,
    calls,
    sent,
  }: { readonly trace: Trace; readonly calls: readonly OwnedCall[]; sent: (count: number) => void },
): Promise<UploadOutcome> {
  let recordedBefore = 0;
  return patiently(async () => {
    const summary = await grpcUpload<MeteringApi.UsageItem, MeteringApi.RecordUsageSummary>(
      metering,
      'RecordUsageStream',
      itemsOf(trace, calls, sent),
    );
    recordedBefore += Number(summary.recorded);
    const refusal = summary.errors.find(({ code }) => code !== 'unknown-customer') ?? summary.errors[0];
    if (refusal) {
      const said = `metering refused ${refusal.id}: ${refusal.field} ${refusal.reason}`;
      throw refusal.code === 'unknown-customer' ? new Error(said) : new ReplayFailed(said);
    }
    return { recorded: recordedBefore, duplicates: calls.length - recordedBefore };
  });
}

function* itemsOf(
  trace: Trace,
  calls: readonly OwnedCall[],
  sent: (count: number) => void,
): Generator<MeteringApi.UsageItem> {
  for (const [index, { call, customerId }] of calls.entries()) {
    yield {
      ...{ id: callIdOf(trace, call), source, customerId, keyId: '', model: replayModel, endpoint: '' },
      occurredAt: call.occurredAt,
      tokens: { input: call.input.toString(), output: call.output.toString() },
      units: {},
      rawUsage: '',
      usageFamily: '',
    };
    sent(index + 1);
  }
}
