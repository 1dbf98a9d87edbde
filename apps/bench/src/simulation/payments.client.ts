import type { PaymentsApi } from '@app/contracts';
import { type GrpcApi, grpcClient, IdentityProvider, ServiceTokens } from '@app/transport';
import { bankAccount, clientOf, type Stage } from './stage.ts';

/** What payments answered; undefined where nobody knows, because it was not there or failed. */
export type Said = { readonly ok: boolean; readonly body: Record<string, unknown> } | undefined;

/** The doors of payments, for customers and for the people of finance. */
export class Payments {
  private readonly url: string;
  private readonly tokens: Readonly<Record<'service' | 'maker' | 'checker', ServiceTokens>>;
  private readonly grpc: GrpcApi<PaymentsApi.Payments>;

  constructor({ ports, issuer }: Stage) {
    this.url = `http://127.0.0.1:${ports.paymentsHttp}`;
    const tokens = (name: 'service' | 'maker' | 'checker') =>
      new ServiceTokens(new IdentityProvider(issuer), clientOf(name));
    this.tokens = { service: tokens('service'), maker: tokens('maker'), checker: tokens('checker') };
    this.grpc = grpcClient<PaymentsApi.Payments>({
      ...{ protoFile: 'haoli/payments/v1/payments.proto', package: 'haoli.payments.v1', service: 'Payments' },
      ...{ url: `127.0.0.1:${ports.paymentsGrpc}`, tokens: this.tokens.service },
    });
  }

  startTopUp(body: object, key: string): Promise<Said> {
    return this.ask('service', '/v1/top-ups', { body, key });
  }

  requestRefund(body: object, key: string): Promise<Said> {
    return this.ask('service', '/v1/refunds', { body, key });
  }

  /** The code that a customer's transfers carry; undefined where payments did not answer. */
  async remittanceCode(customerId: string): Promise<string | undefined> {
    const details = await this.grpc.GetBankDetails({ customerId }).catch(() => undefined);
    return details?.remittanceCode;
  }

  importStatement(content: string): Promise<Said> {
    return this.ask('service', `/v1/banks/${bankAccount.code}/statements`, { body: { content } });
  }

  /** The payouts that were approved, as a file; refused where none waits. */
  makePayoutFile(): Promise<Said> {
    return this.ask('service', `/v1/banks/${bankAccount.code}/payout-files`, { body: {} });
  }

  payoutFile(fileId: string): Promise<Said> {
    return this.ask('service', `/v1/payout-files/${fileId}`);
  }

  /** One person proposes. */
  propose(action: object): Promise<Said> {
    return this.ask('maker', '/v1/proposals', { body: { action, reason: 'simulated' } });
  }

  /** Another one approves. */
  approve(proposalId: string, payloadSha256: string): Promise<Said> {
    const body = { verdict: 'approved', payloadSha256 };
    return this.ask('checker', `/v1/proposals/${proposalId}/decision`, { body });
  }

  /** Both; undefined where it is not known to have been done. */
  async decide(action: object): Promise<Said> {
    const proposed = await this.propose(action);
    if (proposed?.ok !== true) return proposed;
    const { proposalId, payloadSha256 } = proposed.body;
    return this.approve(String(proposalId), String(payloadSha256));
  }

  private async ask(
    by: keyof Payments['tokens'],
    path: string,
    { body, key }: { readonly body?: object; readonly key?: string } = {},
  ): Promise<Said> {
    try {
      const answer = await fetch(`${this.url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${await this.tokens[by].bearer()}`,
          'content-type': 'application/json',
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        signal: AbortSignal.timeout(10_000),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (answer.status >= 500 || answer.status === 429) return undefined;
      return { ok: answer.ok, body: (await answer.json()) as Record<string, unknown> };
    } catch {
      return undefined;
    }
  }
}
