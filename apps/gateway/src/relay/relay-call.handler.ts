import type { UnchargedReason } from '@app/contracts';
import { health, log, withLogContext } from '@app/observability';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Caller } from '../access/caller.ts';
import { type Fields, isFields, type ModelRequest, objectIn } from '../endpoints/endpoint.ts';
import { modelNotFound, OpenAiError, upstreamBroke, upstreamSaid } from '../openai/openai-error.ts';
import { AdmitCallHandler, CallTimes } from './admit-call.handler.ts';
import type { AdmittedCall } from './admitted-call.ts';
import { BodyAnswerHandler } from './body-answer.handler.ts';
import { type CallEnd, uncharged } from './call-end.ts';
import type { ClientConnection } from './client-connection.ts';
import { EndCallHandler } from './end-call.handler.ts';
import { FinishCallHandler } from './finish-call.handler.ts';
import { StartCallHandler } from './start-call.handler.ts';
import { StreamAnswerHandler } from './stream-answer.handler.ts';
import { textOf } from './text-of.ts';
import { AskModelHandler } from '../upstreams/ask-model.handler.ts';
import {
  type RoutedAnswer,
  type UpstreamAnswer,
  UpstreamFailure,
  type UpstreamFailureKind,
} from '../upstreams/upstream.ts';

/** A relayed answer. */
export interface RelayedAnswer {
  readonly callId: string;
  /** The body to send; undefined where it was streamed. */
  readonly body: Fields | undefined;
  /** What the call took. */
  readonly tokens: number;
}

/** A call under way. */
interface Under {
  readonly call: AdmittedCall;
  readonly request: ModelRequest;
  readonly client: ClientConnection;
  readonly controller: AbortController;
}

/** When the process goes down, calls have so long to end by themselves; then they are ended, told and settled. */
const drainMs = 15_000;
const errorBytesMax = 65_536;
/** How the log of web servers calls a client that closed its request. */
const clientClosedRequest = 499;

/** One call from end to end: admitted, told to have started, sent to the provider, relayed, told to have finished. */
@Injectable()
export class RelayCallHandler implements OnApplicationBootstrap {
  /** What ends each call under way, with its key where it is a stream. */
  private readonly underWay = new Map<() => void, string | undefined>();

  constructor(
    private readonly admission: AdmitCallHandler,
    private readonly times: CallTimes,
    private readonly starts: StartCallHandler,
    private readonly models: AskModelHandler,
    private readonly ends: EndCallHandler,
    private readonly finish: FinishCallHandler,
    private readonly streams: StreamAnswerHandler,
    private readonly bodies: BodyAnswerHandler,
  ) {}

  onApplicationBootstrap(): void {
    health.onDrain(() => {
      setTimeout(() => {
        for (const stop of this.underWay.keys()) stop();
      }, drainMs).unref();
    });
  }

  /** The keys of all streams under way. */
  get streamingKeys(): readonly string[] {
    return [...new Set(this.underWay.values())].filter((keyId) => keyId !== undefined);
  }

  /**
   * Ends the streams of these keys; what was delivered is charged. A whole answer is let through and charged: the provider is at
   * work on all of it, and nothing of it could be kept back.
   */
  stopStreamsOf(keyIds: ReadonlySet<string>): void {
    for (const [stop, keyId] of this.underWay) if (keyId !== undefined && keyIds.has(keyId)) stop();
  }

  /** Relays a call. Throws an OpenAiError where it ended before the head of an answer was sent. */
  async handle(caller: Caller, request: ModelRequest, client: ClientConnection): Promise<RelayedAnswer> {
    if (!this.models.serves(request.model, request.endpoint)) throw modelNotFound(request.model);
    const call = await this.admission.handle(caller, request);
    const { callId } = call.facts;
    return withLogContext({ callId }, () =>
      this.relay({ call, request, client, controller: new AbortController() }),
    );
  }

  private async relay(under: Under): Promise<RelayedAnswer> {
    const { call, request, client, controller } = under;
    const stop = () => {
      controller.abort();
    };
    const deadline = setTimeout(stop, this.times.deadlineMs);
    this.underWay.set(stop, request.stream ? call.facts.keyId : undefined);
    // A whole answer is finished for a client that left: the provider did the work. A stream is worth no more to it.
    if (request.stream) client.gone.addEventListener('abort', stop, { once: true });
    if (request.stream && client.gone.aborted) stop();
    try {
      const answer = await this.awaited(under);
      const answered = { call: { ...call, ...originOf(answer) }, request };
      const { end, body } = request.stream
        ? { end: await this.streams.handle({ ...answered, answer, client, stop }), body: undefined }
        : await this.bodies.handle(answered, answer);
      return { callId: call.facts.callId, body, tokens: tokensOf(end) };
    } catch (error) {
      if (!client.hasBegun || !(error instanceof OpenAiError)) throw error;
      await client.write(request.endpoint.errorFrame(error));
      client.end();
      return { callId: call.facts.callId, body: undefined, tokens: 0 };
    } finally {
      clearTimeout(deadline);
      this.underWay.delete(stop);
      client.gone.removeEventListener('abort', stop);
    }
  }

  /** The head of the provider's answer, while its client is told that it is awaited. */
  private async awaited(under: Under): Promise<RoutedAnswer> {
    const { call, request, client } = under;
    const enough = request.stream ? client.keepAlive(call.facts.callId, this.times.keepAliveMs) : undefined;
    try {
      return await this.answerOf(under);
    } finally {
      enough?.();
    }
  }

  /** The head of the provider's answer, once the call's start is on record; every other end is told and thrown. */
  private async answerOf(under: Under): Promise<RoutedAnswer> {
    const { call, request, controller } = under;
    const started = this.starts.handle(call).catch((error: unknown) => {
      controller.abort();
      throw error;
    });
    // Where the log was in doubt, nobody is asked before it has answered.
    if (!this.starts.isTrusted) await started;
    const asked = this.models.handle({ request, limit: call.limit, signal: controller.signal });
    asked.catch(() => undefined);
    await started;
    const answer = await asked.catch((error: unknown) => this.neverAnswered(under, error));
    if (isAsWanted(answer, request)) return answer;
    return this.refused(under, answer);
  }

  private async neverAnswered(under: Under, error: unknown): Promise<never> {
    const { call, client, request } = under;
    log().warn({ err: error }, 'The provider did not answer');
    const kind = error instanceof UpstreamFailure ? error.kind : undefined;
    if (request.stream && client.gone.aborted) {
      const isAtWork = error instanceof UpstreamFailure && kind === 'aborted' && error.wasAsked;
      const { end } = isAtWork ? await this.ends.leftUnanswered(under) : uncharged('client_left_early');
      await this.finish.handle(call, { end, statusCode: clientClosedRequest });
      throw upstreamBroke();
    }
    const failure = upstreamBroke(statusOf[kind ?? 'unreachable']);
    const { end } = uncharged(failure.details.status === 504 ? 'upstream_timeout' : 'upstream_failed');
    await this.finish.handle(call, { end, statusCode: failure.details.status });
    throw failure;
  }

  private async refused({ call }: Under, answer: RoutedAnswer): Promise<never> {
    const failure = await failureOf(answer);
    const { end } = uncharged(reasonOf(answer.status, failure.details.code));
    const refused = { ...call, ...originOf(answer) };
    await this.finish.handle(refused, { end, statusCode: failure.details.status });
    throw failure;
  }
}

/** What a client is answered where no provider answered. */
const statusOf = {
  unreachable: 502,
  'broken-off': 502,
  resting: 503,
  'timed-out': 504,
  aborted: 504,
} as const satisfies Record<UpstreamFailureKind, number>;

/** All the tokens of a call. */
const tokensOf = (end: CallEnd['end']): number =>
  end.kind === 'usage' ? Object.values(end.usage.tokens).reduce((sum, count) => sum + count, 0) : 0;

/** Who answered a call, and as what. */
const originOf = ({ route, family }: RoutedAnswer) => ({
  family,
  upstream: route.upstream.code,
  isRenamed: route.model !== undefined,
});

const isAsWanted = ({ status, contentType }: UpstreamAnswer, { stream }: ModelRequest): boolean =>
  status === 200 && (!stream || contentType.toLowerCase().startsWith('text/event-stream'));

/** What providers call a request that they will not answer for what it says. */
const moderated: ReadonlySet<string> = new Set([
  ...['content_filter', 'content_policy_violation', 'moderation_blocked'],
]);

function reasonOf(status: number, code: string | null): UnchargedReason {
  if (status < 400 || status >= 500) return 'upstream_failed';
  return code !== null && moderated.has(code) ? 'moderated' : 'upstream_rejected';
}

async function failureOf({ status, body }: UpstreamAnswer): Promise<OpenAiError> {
  const text = await textOf(body, errorBytesMax).catch(() => ({ text: '' }));
  const error = objectIn(text.text)?.['error'];
  log().warn({ status }, 'The provider refused a call');
  return upstreamSaid(status, isFields(error) ? error : {});
}
