import { Id, type PaymentsApi } from '@app/contracts';
import { Problem, Scopes } from '@app/transport';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { BankDetailsHandler } from './bank/bank-details.handler.ts';
import { PlanRefundHandler } from './refunds/plan-refund.handler.ts';
import { ReadRefundsHandler } from './refunds/read-refunds.handler.ts';
import { viewOf as refundView } from './refunds/refund-view.ts';
import { RequestRefundHandler } from './refunds/request-refund.handler.ts';
import { ReadTopUpsHandler } from './top-ups/read-top-ups.handler.ts';
import { StartTopUpHandler } from './top-ups/start-top-up.handler.ts';
import { viewOf as topUpView } from './top-ups/top-up-view.ts';

/** Payments over gRPC, as haoli/payments/v1/payments.proto says. */
@Scopes('payments:read')
@Controller()
export class PaymentsGrpc {
  constructor(
    private readonly startTopUps: StartTopUpHandler,
    private readonly topUps: ReadTopUpsHandler,
    private readonly requestRefunds: RequestRefundHandler,
    private readonly refunds: ReadRefundsHandler,
    private readonly plans: PlanRefundHandler,
    private readonly bankDetails: BankDetailsHandler,
  ) {}

  @Scopes('payments:write')
  @GrpcMethod('Payments', 'StartTopUp')
  async startTopUp(request: PaymentsApi.StartTopUpRequest): Promise<PaymentsApi.TopUp> {
    return topUpView(await this.startTopUps.start(named(request)));
  }

  @GrpcMethod('Payments', 'GetTopUp')
  getTopUp(request: PaymentsApi.GetTopUpRequest): Promise<PaymentsApi.TopUp> {
    return this.topUps.get(named(request));
  }

  @GrpcMethod('Payments', 'ListTopUps')
  listTopUps(request: PaymentsApi.ListTopUpsRequest): Promise<PaymentsApi.ListTopUpsResponse> {
    return this.topUps.list(named(request));
  }

  @GrpcMethod('Payments', 'GetTopUps')
  getTopUps(request: PaymentsApi.GetTopUpsRequest): Promise<PaymentsApi.ListTopUpsResponse> {
    return this.topUps.several(request);
  }

  @GrpcMethod('Payments', 'PlanRefund')
  planRefund(request: PaymentsApi.PlanRefundRequest): Promise<PaymentsApi.RefundPlan> {
    return this.plans.plan(named(request));
  }

  @GrpcMethod('Payments', 'GetBankDetails')
  getBankDetails(request: PaymentsApi.GetBankDetailsRequest): Promise<PaymentsApi.BankDetails> {
    return this.bankDetails.of(named(request).customerId);
  }

  @Scopes('payments:write')
  @GrpcMethod('Payments', 'RequestRefund')
  async requestRefund(request: PaymentsApi.RequestRefundRequest): Promise<PaymentsApi.Refund> {
    const { customerId, closeOut, amount, currency, idempotencyKey } = named(request);
    const asked = closeOut
      ? ({ kind: 'close-out' } as const)
      : ({ kind: 'amount', amount, currency } as const);
    return refundView(await this.requestRefunds.request({ customerId, asked, idempotencyKey }));
  }

  @GrpcMethod('Payments', 'GetRefund')
  getRefund(request: PaymentsApi.GetRefundRequest): Promise<PaymentsApi.Refund> {
    return this.refunds.get(named(request));
  }

  @GrpcMethod('Payments', 'ListRefunds')
  listRefunds(request: PaymentsApi.ListRefundsRequest): Promise<PaymentsApi.ListRefundsResponse> {
    return this.refunds.list(named(request));
  }
}

/** Every request names its customer. */
function named<Request extends { readonly customerId: string }>(request: Request): Request {
  if (Id.safeParse(request.customerId).success) return request;
  throw new Problem({
    code: 'invalid-request',
    detail: 'The customer id is missing or malformed.',
    field: 'customerId',
    remedy: 'Send the id that the customer was created with.',
  });
}
