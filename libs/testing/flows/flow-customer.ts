import { IdentityProvider, ServiceTokens } from '@app/transport';
import OpenAI from 'openai';
import type { RunningPlatform } from './running-platform.ts';

/** What a door of the platform answered. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A customer with a key, and the client that the key is used with. */
export interface FlowCustomer {
  readonly customerId: string;
  readonly keyId: string;
  readonly key: string;
  readonly openai: OpenAI;
}

/** The doors of a running platform, as its customers and its operator use them. */
export class PlatformDoors {
  private readonly operator: ServiceTokens;

  constructor(private readonly platform: RunningPlatform) {
    this.operator = this.tokensOf('OPERATOR');
  }

  get gatewayUrl(): string {
    return this.setting('GATEWAY_HTTP_URL');
  }

  setting(name: string): string {
    return this.platform.environment[name] ?? '';
  }

  /** The tokens of a client of the identity provider, such as `FINANCE`. */
  tokensOf(name: string): ServiceTokens {
    return new ServiceTokens(new IdentityProvider(this.setting('OIDC_ISSUER')), {
      clientId: this.setting(`${name}_CLIENT_ID`),
      clientSecret: this.setting(`${name}_CLIENT_SECRET`),
    });
  }

  operatorToken(): Promise<string> {
    return this.operator.bearer();
  }

  /** A GET, or with a body a POST. */
  async ask(path: string, bearer: string | undefined, body?: unknown): Promise<Answer> {
    const answer = await this.request(path, bearer, body);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  /** The same, with the answer as it comes. */
  request(path: string, bearer: string | undefined, body?: unknown): Promise<Response> {
    return fetch(`${this.gatewayUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** A new customer with a key and, unless it is to stay poor, money. */
  async newCustomer({ paid }: { readonly paid: string }): Promise<FlowCustomer> {
    const token = await this.operatorToken();
    const { body } = await this.ask('/v1/admin/customers', token, { name: 'A flow', plan: 'usd-credit' });
    const customerId = String(body['customerId']);
    const issued = await this.ask(`/v1/admin/customers/${customerId}/keys`, token, {});
    const key = String(issued.body['key']);
    if (paid !== '0') await this.topUp(key, paid);
    await eventually(
      () => this.ask('/v1/balance', key),
      (balance) => balance.body['paid'] === paid,
    );
    const openai = new OpenAI({ apiKey: key, adminAPIKey: key, baseURL: `${this.gatewayUrl}/v1` });
    return { customerId, keyId: String(issued.body['keyId']), key, openai };
  }

  private async topUp(key: string, amount: string): Promise<void> {
    const { body } = await this.ask('/v1/top-ups', key, { amount });
    const { value: codeUrl } = body['action'] as { readonly value: string };
    await fetch(`${this.setting('WECHATPAY_SANDBOX_URL')}/__sandbox/pay`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ codeUrl }),
    });
  }
}

/** Looks until it is so; throws with what it saw last where it never is. */
export async function eventually<Value>(
  look: () => Promise<Value>,
  isSo: (value: Value) => boolean,
): Promise<Value> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await look();
    if (isSo(value)) return value;
    if (Date.now() > deadline) throw new Error(`never so: ${JSON.stringify(value).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
