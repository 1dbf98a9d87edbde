import { log, metrics } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { ModelRequest } from '../endpoints/endpoint.ts';
import { requestDiffers, requestUnderWay } from '../openai/openai-error.ts';
import { CallTimes } from './admit-call.handler.ts';
import type { RelayedAnswer } from './relay-call.handler.ts';
import { type NamedRequest, RepeatedCallsStore } from './repeated-calls.store.ts';

/** A whole answer, and whether it was given before. */
export interface AnsweredOnce extends RelayedAnswer {
  readonly isRepeated: boolean;
}

/** A request under its client's name for it. */
export interface NamedCall {
  readonly keyId: string;
  readonly idempotencyKey: string;
  readonly request: ModelRequest;
}

const repeatedAnswers = metrics.counter({
  name: 'gateway_repeated_answers_total',
  help: 'Requests that were answered as they had been before, without a call.',
});

/** Calls that are not streamed and that their client named: the same request is made, and paid, once in a day. */
@Injectable()
export class AnswerOnceHandler {
  constructor(
    private readonly repeated: RepeatedCallsStore,
    private readonly times: CallTimes,
  ) {}

  /** The answer of `call`, or the one that it had before. Throws 409 where it is under way, or where it was another request. */
  async handle(
    { keyId, idempotencyKey, request }: NamedCall,
    call: () => Promise<RelayedAnswer>,
  ): Promise<AnsweredOnce> {
    const named = { keyId, idempotencyKey, requestHash: hashOf(request) };
    const known = await this.repeated.begin(named, Math.ceil(this.times.closedAfterMs / 1_000));
    if (known.outcome === 'different') throw requestDiffers();
    if (known.outcome === 'under-way') throw requestUnderWay();
    if (known.outcome === 'begun') return this.first(named, known.begunAt, call);
    repeatedAnswers.inc();
    const body = JSON.parse(known.answer) as NonNullable<RelayedAnswer['body']>;
    return { callId: known.callId, body, tokens: 0, isRepeated: true };
  }

  private async first(
    named: NamedRequest,
    begunAt: string,
    call: () => Promise<RelayedAnswer>,
  ): Promise<AnsweredOnce> {
    try {
      const relayed = await call();
      await this.keep(named, begunAt, relayed);
      return { ...relayed, isRepeated: false };
    } catch (error) {
      await this.repeated.forget(named, begunAt).catch(notKept);
      throw error;
    }
  }

  /** The answer is paid for and goes out whatever becomes of its copy; without one, repetitions are refused until it is old. */
  private async keep(named: NamedRequest, begunAt: string, { callId, body }: RelayedAnswer): Promise<void> {
    const answer = JSON.stringify(body);
    await this.repeated.keep(named, { begunAt, callId, answer }).catch(notKept);
  }
}

const notKept = (error: unknown): void => {
  log().warn({ err: error }, 'What became of a named request was not kept');
};

const hashOf = ({ endpoint, body }: ModelRequest): Buffer =>
  createHash('sha256').update(endpoint.code).update('\0').update(JSON.stringify(body)).digest();
