import { log, metrics } from '@app/observability';
import { Injectable } from '@nestjs/common';
import type { Endpoint, ModelRequest, OutputLimit } from '../endpoints/endpoint.ts';
import { textOf } from '../relay/text-of.ts';
import { Circuit } from './circuit.ts';
import { type RoutedAnswer, Upstream, UpstreamFailure } from './upstream.ts';
import { inTurn, type Route, UpstreamRoutes } from './upstream-routes.ts';

/** A request on its way to whoever answers it. */
export interface AskedModel {
  readonly request: ModelRequest;
  readonly limit: OutputLimit;
  readonly signal: AbortSignal;
}

const attemptsMax = 3;
/** No further provider is asked later than this: the client has waited long enough. */
const attemptsMs = 60_000;
const discardedBytesMax = 65_536;

type Outcome = RoutedAnswer | UpstreamFailure;

/** What another provider may better; never an answer that says that the request itself is wrong. */
const isWorthAnother = (outcome: Outcome): boolean =>
  outcome instanceof UpstreamFailure
    ? outcome.kind === 'unreachable'
    : [408, 409, 429].includes(outcome.status) || outcome.status >= 500;

/** What says something against the provider, or against our key there. */
const speaksAgainst = (outcome: Outcome): boolean =>
  outcome instanceof UpstreamFailure || [401, 403, 429].includes(outcome.status) || outcome.status >= 500;

const attempts = metrics.counter({
  name: 'gateway_upstream_attempts_total',
  help: 'Requests to providers, by what came of them: a status class, or how they failed.',
  labels: ['upstream', 'outcome'],
});
const resting = metrics.gauge({
  name: 'gateway_upstream_resting',
  help: '1 while a provider is left alone after failures in a row.',
  labels: ['upstream'],
});

/**
 * Asks the providers of a model, one after another by weight, until one answers. All before the first byte of an answer:
 * afterwards nobody else is asked. Failed attempts are our cost, never the customer's.
 */
@Injectable()
export class AskModelHandler {
  private readonly circuits = new Map<string, Circuit>();

  constructor(
    private readonly routes: UpstreamRoutes,
    private readonly upstream: Upstream,
  ) {}

  /** Whether anybody serves the model by this endpoint. */
  serves(model: string, endpoint: Endpoint): boolean {
    return this.routes.routesOf(model, endpoint).length > 0;
  }

  /** The first answer that is worth giving, or the last one that there is. Throws UpstreamFailure where there is none. */
  async handle(asked: AskedModel): Promise<RoutedAnswer> {
    const { request, signal } = asked;
    const begun = performance.now();
    let last: Outcome | undefined;
    let attemptsLeft = attemptsMax;
    for (const route of inTurn(this.routes.routesOf(request.model, request.endpoint), Math.random)) {
      const now = performance.now();
      if (attemptsLeft === 0 || signal.aborted || now - begun > attemptsMs) break;
      if (!this.circuitOf(route).admits(now)) continue;
      attemptsLeft -= 1;
      if (last !== undefined) void discarded(last);
      last = await this.attempt(asked, route);
      if (!isWorthAnother(last)) break;
    }
    if (last === undefined) throw new UpstreamFailure('resting');
    if (last instanceof UpstreamFailure) throw last;
    return last;
  }

  private async attempt(asked: AskedModel, route: Route): Promise<Outcome> {
    const { code } = route.upstream;
    const circuit = this.circuitOf(route);
    const outcome = await this.ask(asked, route);
    const said =
      outcome instanceof UpstreamFailure ? outcome.kind : `${outcome.status.toString().charAt(0)}xx`;
    attempts.inc({ upstream: code, outcome: said });
    if (said === 'aborted') circuit.undecided();
    else if (speaksAgainst(outcome)) this.failed(route, outcome);
    else circuit.succeeded();
    resting.set({ upstream: code }, circuit.isOpen ? 1 : 0);
    return outcome;
  }

  private async ask({ request, limit, signal }: AskedModel, route: Route): Promise<Outcome> {
    const { endpoint, model } = request;
    const { upstream } = route;
    const body = endpoint.providerBody(request, limit, route.model ?? model);
    try {
      const answer = await this.upstream.ask({ upstream, endpoint, body }, signal);
      return { ...answer, route, family: upstream.families[endpoint.code] ?? endpoint.family };
    } catch (error) {
      if (error instanceof UpstreamFailure) return error;
      throw error;
    }
  }

  private failed(route: Route, outcome: Outcome): void {
    this.circuitOf(route).failed(performance.now());
    const why = outcome instanceof UpstreamFailure ? { err: outcome } : { status: outcome.status };
    log().warn({ upstream: route.upstream.code, ...why }, 'A provider did not serve a call');
  }

  private circuitOf({ upstream: { code } }: Route): Circuit {
    const circuit = this.circuits.get(code) ?? new Circuit();
    this.circuits.set(code, circuit);
    return circuit;
  }
}

/** An answer that is not given is read, as far as is reasonable, so that its connection serves again. */
async function discarded(outcome: Outcome): Promise<void> {
  if (!(outcome instanceof UpstreamFailure))
    await textOf(outcome.body, discardedBytesMax).catch(() => undefined);
}
