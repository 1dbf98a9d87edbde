import type { ExecutionContext } from '@nestjs/common';
import type { Scope } from './scopes.ts';

/** Who asks, as their verified token says. */
export interface Caller {
  readonly subject: string;
  readonly clientId: string;
  readonly scopes: ReadonlySet<string>;
}

/** Callers by the object that lives exactly as long as the request: the HTTP request, or the metadata of the gRPC call. */
const callers = new WeakMap<object, Caller>();

/** Remembers who makes a request. */
export function rememberCaller(carrier: object, caller: Caller): void {
  callers.set(carrier, caller);
}

/**
 * Who makes this request: give the execution context, the HTTP request, or the metadata of the gRPC call.
 * Throws where the route is public, for then nobody knows.
 */
export function currentCaller(context: ExecutionContext | object): Caller {
  const caller = callers.get(isContext(context) ? carrierOf(context) : context);
  if (!caller) throw new TypeError('This request has no verified caller; is its route public?');
  return caller;
}

/** The object that carries the caller of a request through its life. */
export function carrierOf(context: ExecutionContext): object {
  if (context.getType() !== 'rpc') return context.switchToHttp().getRequest<object>();
  const [call, metadata] = context.getArgs<[{ readonly metadata?: object }, object]>();
  return call.metadata ?? metadata;
}

/** Whether a caller has a scope. */
export const mayDo = (caller: Caller, scope: Scope): boolean => caller.scopes.has(scope);

const isContext = (value: object): value is ExecutionContext => 'switchToHttp' in value;
