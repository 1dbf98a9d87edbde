import type { LedgerApi } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { RebuildHandler } from './rebuild.handler.ts';
import { TrialBalanceHandler } from './trial-balance.handler.ts';
import { VerifyHandler } from './verify.handler.ts';

/** The gRPC door of reports. */
@Controller()
@Scopes('ledger:read')
export class ReportsGrpc {
  constructor(
    private readonly trialBalances: TrialBalanceHandler,
    private readonly rebuilds: RebuildHandler,
    private readonly verifications: VerifyHandler,
  ) {}

  @GrpcMethod('Ledger', 'GetTrialBalance')
  async trialBalance(request: LedgerApi.GetTrialBalanceRequest): Promise<LedgerApi.TrialBalance> {
    const { lines, totals } = await this.trialBalances.handle(request);
    return { lines: [...lines], totals: [...totals] };
  }

  @GrpcMethod('Ledger', 'Rebuild')
  rebuild(): Promise<LedgerApi.RebuildReport> {
    return this.rebuilds.handle();
  }

  @GrpcMethod('Ledger', 'Verify')
  verify(request: LedgerApi.VerifyRequest): Promise<LedgerApi.VerifyReport> {
    return this.verifications.handle(request);
  }
}
