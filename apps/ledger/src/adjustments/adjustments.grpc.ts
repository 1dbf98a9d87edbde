import type { LedgerApi } from '@app/contracts';
import { currentCaller, Problem, Scopes } from '@app/transport';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { PeriodStore } from '../periods/period.store.ts';
import { AdjustmentsHandler, type Verdict } from './adjustments.handler.ts';

/** The gRPC door of entries by hand; the event id is what the Idempotency-Key is over REST. */
@Controller()
export class AdjustmentsGrpc {
  constructor(
    private readonly adjustments: AdjustmentsHandler,
    private readonly periods: PeriodStore,
  ) {}

  @GrpcMethod('Ledger', 'RequestAdjustment')
  @Scopes('adjustments:request')
  async request(
    request: LedgerApi.RequestAdjustmentRequest,
    metadata: object,
  ): Promise<LedgerApi.Adjustment> {
    const { eventId, reason, adjustmentJson } = request;
    const asking = { caller: currentCaller(metadata), key: eventId };
    const { answer } = await this.adjustments.request(asking, {
      reason,
      adjustment: fromJson(adjustmentJson),
    });
    return answer;
  }

  @GrpcMethod('Ledger', 'ApproveAdjustment')
  @Scopes('adjustments:approve')
  approve(request: LedgerApi.DecideAdjustmentRequest, metadata: object): Promise<LedgerApi.Adjustment> {
    return this.decide('approved', request, metadata);
  }

  @GrpcMethod('Ledger', 'RejectAdjustment')
  @Scopes('adjustments:approve')
  reject(request: LedgerApi.DecideAdjustmentRequest, metadata: object): Promise<LedgerApi.Adjustment> {
    return this.decide('rejected', request, metadata);
  }

  @GrpcMethod('Ledger', 'GetAdjustment')
  @Scopes('ledger:read')
  one({ adjustmentId }: LedgerApi.GetAdjustmentRequest): Promise<LedgerApi.Adjustment> {
    return this.adjustments.one(adjustmentId);
  }

  @GrpcMethod('Ledger', 'ListAdjustments')
  @Scopes('ledger:read')
  list(request: LedgerApi.ListAdjustmentsRequest): Promise<LedgerApi.ListAdjustmentsResponse> {
    return this.adjustments.list(request);
  }

  @GrpcMethod('Ledger', 'ListDeeds')
  @Scopes('ledger:read')
  deeds(request: LedgerApi.ListDeedsRequest): Promise<LedgerApi.ListDeedsResponse> {
    return this.adjustments.deeds(request);
  }

  @GrpcMethod('Ledger', 'ListClosedPeriods')
  @Scopes('ledger:read')
  async closedPeriods(): Promise<LedgerApi.ListClosedPeriodsResponse> {
    return { closed: await this.periods.closed() };
  }

  private async decide(
    verdict: Verdict,
    { eventId, ...decision }: LedgerApi.DecideAdjustmentRequest,
    metadata: object,
  ): Promise<LedgerApi.Adjustment> {
    const asking = { caller: currentCaller(metadata), key: eventId };
    return (await this.adjustments.decide(asking, verdict, decision)).answer;
  }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Problem({
      code: 'invalid-request',
      field: 'adjustment_json',
      detail: 'adjustment_json: is not JSON.',
      remedy: 'Give the adjustment as JSON, as in the OpenAPI document.',
    });
  }
}
