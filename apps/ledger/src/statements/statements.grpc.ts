import type { LedgerApi } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { ChargesHandler } from './charges.handler.ts';
import { StatementsHandler } from './statements.handler.ts';

/** The gRPC door of statements, and of which top-up paid what. */
@Controller()
@Scopes('ledger:read')
export class StatementsGrpc {
  constructor(
    private readonly statements: StatementsHandler,
    private readonly charges: ChargesHandler,
  ) {}

  @GrpcMethod('Ledger', 'GetStatement')
  async statement(request: LedgerApi.GetStatementRequest): Promise<LedgerApi.Statement> {
    const { difference, ...statement } = await this.statements.handle(request);
    return { ...statement, difference };
  }

  @GrpcMethod('Ledger', 'GetCharge')
  charge(request: LedgerApi.GetChargeRequest): Promise<LedgerApi.Charge> {
    return this.charges.one(request);
  }

  @GrpcMethod('Ledger', 'ListChargesOfLot')
  chargesOfLot(request: LedgerApi.ListChargesOfLotRequest): Promise<LedgerApi.ListChargesOfLotResponse> {
    return this.charges.ofLot(request);
  }
}
