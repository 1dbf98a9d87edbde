import type { ServiceTokens } from '@app/transport';
import type { z } from 'zod';
import { Balance, CallPage, Customer, IssuedKey, Refund, TopUp, UsagePage } from './answers.ts';
import { StoryFailed } from './checks.ts';

/** A customer to create. */
export interface NewCustomer {
  readonly name: string;
  readonly plan: string;
  readonly rateCardId: string;
}

interface Asked {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly bearer: string;
  readonly body?: unknown;
}

/** An answer of the gateway that is no success. */
export class Refused extends StoryFailed {
  constructor(
    readonly status: number,
    readonly body: string,
    what: string,
  ) {
    super(`${what}: ${String(status)} ${body}`);
  }
}

async function ask<Schema extends z.ZodType>(
  baseUrl: string,
  asked: Asked,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const { method = asked.body === undefined ? 'GET' : 'POST', path, bearer, body } = asked;
  const answer = await fetch(`${baseUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Refused(answer.status, text, `${method} ${path}`);
  return schema.parse(JSON.parse(text));
}

/** What an operator does at the gateway. */
export class OperatorClient {
  constructor(
    private readonly baseUrl: string,
    private readonly tokens: ServiceTokens,
  ) {}

  async createCustomer(body: NewCustomer): Promise<Customer> {
    return ask(
      this.baseUrl,
      { path: '/v1/admin/customers', bearer: await this.tokens.bearer(), body },
      Customer,
    );
  }

  async issueKey(customerId: string): Promise<z.infer<typeof IssuedKey>> {
    const path = `/v1/admin/customers/${customerId}/keys`;
    return ask(
      this.baseUrl,
      { path, bearer: await this.tokens.bearer(), body: { name: 'first steps' } },
      IssuedKey,
    );
  }
}

/** What a customer does at the gateway with its API key, besides calling models. */
export class CustomerClient {
  constructor(
    readonly baseUrl: string,
    readonly key: string,
  ) {}

  balance(): Promise<Balance> {
    return this.ask('/v1/balance', Balance);
  }

  topUp(amount: string): Promise<z.infer<typeof TopUp>> {
    return this.ask('/v1/top-ups', TopUp, { amount });
  }

  findTopUp(id: string): Promise<z.infer<typeof TopUp>> {
    return this.ask(`/v1/top-ups/${id}`, TopUp);
  }

  closeOut(): Promise<z.infer<typeof Refund>> {
    return this.ask('/v1/refunds', Refund, { close_out: true });
  }

  findRefund(id: string): Promise<z.infer<typeof Refund>> {
    return this.ask(`/v1/refunds/${id}`, Refund);
  }

  calls(): Promise<CallPage> {
    return this.ask('/v1/usage/calls', CallPage);
  }

  usage(): Promise<z.infer<typeof UsagePage>> {
    return this.ask('/v1/usage', UsagePage);
  }

  private ask<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    body?: unknown,
  ): Promise<z.infer<Schema>> {
    return ask(this.baseUrl, { path, bearer: this.key, ...(body === undefined ? {} : { body }) }, schema);
  }
}
