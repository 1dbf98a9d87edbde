import type { MeteringApi } from '@app/contracts';
import { Problem, Scopes } from '@app/transport';
import type { sendUnaryData, ServerReadableStream } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { gather } from './gather.ts';
import { batchItemsMax, type ItemResult, RecordUsageHandler } from './record-usage.handler.ts';
import { StreamSummary } from './stream-summary.ts';
import { reportOfMessage, wireFieldOf } from './usage-message.ts';

type Item = MeteringApi.UsageItem;
type Summary = MeteringApi.RecordUsageSummary;

/** The gRPC door of usage intake. */
@Controller()
@Scopes('usage:write')
export class IntakeGrpc {
  /** Callers of the unary method that come at the same time share one commit. */
  private readonly recordOne: (report: unknown) => Promise<ItemResult>;

  constructor(private readonly recordUsage: RecordUsageHandler) {
    this.recordOne = gather((reports) => recordUsage.handle(reports), batchItemsMax);
  }

  @GrpcMethod('Metering', 'RecordUsage')
  async record(item: Item): Promise<MeteringApi.RecordUsageResponse> {
    const result = await this.recordOne(reportOfMessage(item));
    if (result.outcome === 'refused') throw problemOf(result);
    return { callId: result.callId, outcome: result.outcome };
  }

  /** Reads no further than it has recorded: a full batch is durable before the next item is taken from the stream. */
  @GrpcStreamCall('Metering', 'RecordUsageStream')
  async recordStream(
    call: ServerReadableStream<Item, Summary>,
    callback: sendUnaryData<Summary>,
  ): Promise<void> {
    const summary = new StreamSummary();
    let batch: Item[] = [];
    for await (const item of call as AsyncIterable<Item>) {
      batch.push(item);
      if (batch.length < batchItemsMax) continue;
      await this.recordBatch(batch, summary);
      batch = [];
    }
    await this.recordBatch(batch, summary);
    callback(null, summary.message());
  }

  private async recordBatch(batch: readonly Item[], summary: StreamSummary): Promise<void> {
    if (batch.length > 0) summary.add(batch, await this.recordUsage.handle(batch.map(reportOfMessage)));
  }
}

const codes = {
  invalid: 'invalid-request',
  'unknown-customer': 'unknown-customer',
  conflict: 'conflict',
} as const;

function problemOf({ problem }: Extract<ItemResult, { outcome: 'refused' }>): Problem {
  const field = wireFieldOf(problem.field);
  return new Problem({ code: codes[problem.code], field, detail: `${field} ${problem.reason}` });
}
