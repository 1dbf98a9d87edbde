import type { UsageFamily } from '@app/rating';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { Route, UpstreamAddress } from './upstream-routes.ts';

/** A provider's answer: its head has come, its body comes as it is read. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: AsyncIterable<Buffer>;
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
