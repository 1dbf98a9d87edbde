import type { LedgerApi } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { BareTables } from '../ledger/bare-tables.store.ts';

/** The ledger's own unary door, with a plain transaction for each hold behind it. */
@Controller()
@Scopes('holds:write')
export class OneByOneGrpc {
  constructor(private readonly tables: BareTables) {}

  @GrpcMethod('Ledger', 'PlaceHold')
  async place({
    holdId,
    customerId,
    amount,
  }: LedgerApi.PlaceHoldRequest): Promise<LedgerApi.PlaceHoldResponse> {
    await this.tables.placeHold(holdId, Number(customerId.slice(-3)));
    const { amount: text = '0', currency = '' } = amount ?? {};
    return { hold: { holdId, amount: text, currency, availableAfter: '0' } };
  }
}
