import type { LedgerApi } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { QuoteRefundHandler } from './quote-refund.handler.ts';

/** The gRPC door of refund quotes. */
@Controller()
@Scopes('ledger:read')
export class RefundQuotesGrpc {
  constructor(private readonly quotes: QuoteRefundHandler) {}

  @GrpcMethod('Ledger', 'QuoteRefund')
  quote(request: LedgerApi.QuoteRefundRequest): Promise<LedgerApi.RefundQuote> {
    return this.quotes.quote(request);
  }
}
