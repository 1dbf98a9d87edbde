import type { UsageFamily } from '@app/rating';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { Route, UpstreamAddress } from './upstream-routes.ts';

/** The body of a provider's answer, as it comes; read once. */
export interface UpstreamBody {
  /**
   * Gives each piece to `take`, in order; while a promise that it gave is pending, the provider waits.
   * Resolves at the body's end. Rejects with an UpstreamFailure where it broke off, or with what `take` threw, which cuts it.
   */
  each(take: (piece: Buffer) => Promise<void> | undefined): Promise<void>;
}

/** A provider's answer: its head has come, its body comes as it is read. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: UpstreamBody;
}

/** How a provider failed to answer, or to go on answering. */
export type UpstreamFailureKind = 'unreachable' | 'timed-out' | 'broken-off' | 'aborted' | 'resting';

/** The provider could not be reached, was silent for too long, or broke off. Its own words are in `cause`, for the log only. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';

  constructor(
    readonly kind: UpstreamFailureKind,
    cause?: unknown,
    /** Whether the whole request had been written to the provider. */
    readonly wasAsked = false,
  ) {
    super(`the provider is ${kind}`, { cause });
  }
}

/** A request as it goes to one provider. */
export interface UpstreamRequest {
  readonly upstream: UpstreamAddress;
  readonly endpoint: Pick<Endpoint, 'path' | 'family'>;
  readonly body: string;
}

/** The port to model providers. Errors of the answer and of its body are UpstreamFailure. */
export abstract class Upstream {
  /** Sends a request. Aborting the signal ends the request and its answer. */
  abstract ask(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer>;
}

/** An answer with who gave it. */
export interface RoutedAnswer extends UpstreamAnswer {
  readonly route: Route;
  readonly family: UsageFamily;
}
