import type { LedgerApi } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { BalancesHandler } from './balances.handler.ts';

/** The gRPC door of balances. */
@Controller()
@Scopes('ledger:read')
export class BalancesGrpc {
  constructor(private readonly balances: BalancesHandler) {}

  @GrpcMethod('Ledger', 'GetBalance')
  one(request: LedgerApi.GetBalanceRequest): Promise<LedgerApi.Balance> {
    return this.balances.one(request);
  }

  @GrpcMethod('Ledger', 'GetBalances')
  async several(request: LedgerApi.GetBalancesRequest): Promise<LedgerApi.GetBalancesResponse> {
    return { balances: await this.balances.several(request) };
  }

  @GrpcMethod('Ledger', 'ListLots')
  async lots(request: LedgerApi.ListLotsRequest): Promise<LedgerApi.ListLotsResponse> {
    return { lots: await this.balances.lotsOf(request) };
  }
}
