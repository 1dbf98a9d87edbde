import { publicRoute } from '@app/observability';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { carrierOf, rememberCaller } from './caller.ts';
import { Problem } from './problem.ts';
import { scopesOfRoute, type Scope } from './scopes.ts';
import { bearerOf, type TokenVerifier } from './token-verifier.ts';

/** Lets a request through where its route is public, or its token has every scope that the route needs. */
export class ScopesGuard implements CanActivate {
  private readonly reflector = new Reflector();

  constructor(private readonly verifier: TokenVerifier) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(publicRoute, places) === true) return true;
    const needed = this.reflector.getAllAndOverride<readonly Scope[] | undefined>(scopesOfRoute, places);
    if (needed === undefined) throw new TypeError('A route without scopes was started.');
    const carrier = carrierOf(context);
    const caller = await this.verifier.verify(bearerOf(authorizationOf(carrier)));
    const missing = needed.filter((scope) => !caller.scopes.has(scope));
    if (missing.length > 0) throw forbidden(missing);
    rememberCaller(carrier, caller);
    return true;
  }
}

/** An HTTP request has headers; the metadata of a gRPC call is asked. */
interface Carrier {
  readonly headers?: Readonly<Record<string, unknown>>;
  get?(name: string): readonly unknown[];
}

function authorizationOf(carrier: Carrier): unknown {
  return carrier.headers === undefined ? carrier.get?.('authorization')[0] : carrier.headers['authorization'];
}

const forbidden = (missing: readonly Scope[]): Problem =>
  new Problem({
    code: 'forbidden',
    detail: `The token lacks ${missing.join(', ')}.`,
    remedy: 'Use a client that was given these scopes.',
    data: { missingScopes: missing },
  });
