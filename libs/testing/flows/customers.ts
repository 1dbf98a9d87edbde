import type { LedgerApi } from '@app/contracts';
import { type GrpcApi, grpcClient, IdentityProvider, ServiceTokens } from '@app/transport';
import OpenAI from 'openai';
import { eventually } from '../src/eventually.ts';
import type { RunningPlatform } from './running-platform.ts';

/** What a route answered. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly requestId: string | null;
}

/** A customer with a key and the client that uses it. */
export interface Customer {
  readonly customerId: string;
  readonly keyId: string;
  readonly key: string;
  readonly openai: OpenAI;
}

/** The people and programs that a flow plays against a running platform. */
export class Customers {
  readonly operator: ServiceTokens;
  readonly ledger: GrpcApi<LedgerApi.Ledger>;
  readonly gatewayUrl: string;

  constructor(private readonly platform: RunningPlatform) {
    this.gatewayUrl = this.setting('GATEWAY_HTTP_URL');
    this.operator = this.tokensOf('OPERATOR');
    this.ledger = grpcClient<LedgerApi.Ledger>({
      protoFile: 'haoli/ledger/v1/ledger.proto',
      package: 'haoli.ledger.v1',
      service: 'Ledger',
      url: this.setting('LEDGER_GRPC_URL'),
      tokens: this.tokensOf('FINANCE'),
    });
  }

  /** A setting of the platform's environment. */
  setting(name: string): string {
    return this.platform.environment[name] ?? '';
  }

  /** Asks the gateway: a POST where there is a body, unless another method is named. */
  async ask(path: string, bearer: string | undefined, body?: unknown, method?: string): Promise<Answer> {
    const answer = await this.request(path, bearer, body, method);
    const requestId = answer.headers.get('x-request-id');
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown>, requestId };
  }

  /** The same, with the answer as it comes. */
  request(path: string, bearer: string | undefined, body?: unknown, method?: string): Promise<Response> {
    return fetch(`${this.gatewayUrl}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  /** A customer with a key and, unless it is to stay poor, money. */
  async aCustomer({ paid }: { readonly paid: string }, settings: object = {}): Promise<Customer> {
    const token = await this.operator.bearer();
    const wanted = { name: 'A flow', plan: 'usd-credit', ...settings };
    const customer = await this.ask('/v1/admin/customers', token, wanted);
    const customerId = String(customer.body['customerId']);
    const issued = await this.ask(`/v1/admin/customers/${customerId}/keys`, token, {});
    const key = String(issued.body['key']);
    const openai = new OpenAI({ apiKey: key, adminAPIKey: key, baseURL: `${this.gatewayUrl}/v1` });
    await this.opened(customerId);
    if (paid !== '0') await this.topUp(key, paid);
    await eventually(
      () => this.ask('/v1/balance', key),
      ({ body }) => body['paid'] === paid,
    );
    return { customerId, keyId: String(issued.body['keyId']), key, openai };
  }

  /** Waits until the ledger has opened a wallet: before that its balance is told as nothing, and no call of it is let in. */
  private async opened(customerId: string): Promise<void> {
    await eventually(
      async () => (await errorOf(() => this.ledger.GetBalance({ customerId, asOf: '' }))) === undefined,
    );
  }

  /** Pays money into a wallet and gives the id of the top-up. */
  async topUp(key: string, amount: string): Promise<string> {
    const { body } = await this.ask('/v1/top-ups', key, { amount });
    const { value: codeUrl } = body['action'] as { readonly value: string };
    await fetch(`${this.setting('WECHATPAY_SANDBOX_URL')}/__sandbox/pay`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ codeUrl }),
    });
    return String(body['id']);
  }

  /** Publishes a price that begins now and waits until the gateway sells the model. */
  async publish(
    price: Readonly<Record<string, unknown>> & { readonly model: string },
    key: string,
  ): Promise<void> {
    const token = await this.operator.bearer();
    const effectiveFrom = '2025-01-01T00:00:00Z';
    const body = { currency: 'CNY', effectiveFrom, ...price };
    const { status, body: said } = await this.ask(
      '/api/metering/v1/rate-cards/standard/price-versions',
      token,
      body,
    );
    if (status !== 201) throw new Error(`${price.model} was not published: ${JSON.stringify(said)}`);
    await eventually(
      () => this.ask('/v1/models', key),
      (answer) => JSON.stringify(answer.body).includes(`"${price.model}"`),
    );
  }

  /** The tokens of a client of the identity provider, such as `FINANCE`. */
  tokensOf(name: string): ServiceTokens {
    return new ServiceTokens(new IdentityProvider(this.setting('OIDC_ISSUER')), {
      clientId: this.setting(`${name}_CLIENT_ID`),
      clientSecret: this.setting(`${name}_CLIENT_SECRET`),
    });
  }
}

/** What a promise was rejected with; undefined where it was not. */
export async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
}
