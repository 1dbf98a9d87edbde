import { createHash } from 'node:crypto';
import { canonicalText } from '@app/contracts';
import { Problem, type ProblemDetails } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { AnswerStore, type StoredAnswer } from './answer.store.ts';

/** A request that may come again. */
export interface KeyedRequest {
  /** Who asks; keys of different callers have nothing to do with each other. */
  readonly caller: string;
  readonly key: string | undefined;
  /** What is asked for: the same key for another operation or other data is another request. */
  readonly operation: string;
  readonly payload: unknown;
}

/** An answer, and whether it was given before. */
export interface KeyedAnswer<Answer> {
  readonly answer: Answer;
  readonly replayed: boolean;
}

/** A refusal that was given before. */
export class ReplayedProblem extends Problem {}

const usableKey = /^[\x21-\x7e]{1,255}$/;

/** Answers a request once, whichever door it comes through; the same request is answered alike for ever. */
@Injectable()
export class IdempotencyHandler {
  constructor(private readonly answers: AnswerStore) {}

  /**
   * Does the work of a request the first time, and gives its answer from then on, refusals too. What failed on our side is no
   * answer: the request may be sent again. The work of a process that ended half-way is done again after a minute, so it must
   * bear that.
   */
  async once<Answer extends object>(
    request: KeyedRequest,
    work: (key: string) => Promise<Answer>,
  ): Promise<KeyedAnswer<Answer>> {
    const key = keyOf(request.key);
    const place = { caller: request.caller, key, fingerprint: fingerprintOf(request) };
    const before = await this.answers.claim(place);
    if (before !== undefined) return replay<Answer>(before, place.fingerprint);
    try {
      const answer = await work(key);
      await this.answers.keep(place, { status: 200, answer: JSON.stringify(answer) });
      return { answer, replayed: false };
    } catch (error) {
      if (error instanceof Problem && error.status < 500)
        await this.answers.keep(place, { status: error.status, answer: JSON.stringify(error.details) });
      else await this.answers.giveUp(place);
      throw error;
    }
  }
}

function replay<Answer>(before: StoredAnswer, fingerprint: string): KeyedAnswer<Answer> {
  const field = 'Idempotency-Key';
  if (before.fingerprint !== fingerprint) {
    const detail = 'This key was used before for another request.';
    throw new Problem({
      code: 'different-request',
      detail,
      field,
      remedy: 'Use a new key for a new request.',
    });
  }
  if (before.status === null || before.answer === null) {
    const detail = 'The first request with this key is not answered yet.';
    throw new Problem({
      code: 'request-in-flight',
      detail,
      field,
      remedy: 'Send the same request again later.',
    });
  }
  if (before.status >= 400) {
    throw new ReplayedProblem({ ...(JSON.parse(before.answer) as ProblemDetails), status: before.status });
  }
  return { answer: JSON.parse(before.answer) as Answer, replayed: true };
}

/** A key is a string of RFC 8941, in quotes; without them it is taken as it is. */
function keyOf(given: string | undefined): string {
  const key = /^"(.*)"$/.exec(given ?? '')?.[1] ?? given ?? '';
  if (usableKey.test(key)) return key;
  throw new Problem({
    code: key === '' ? 'missing-idempotency-key' : 'invalid-request',
    field: 'Idempotency-Key',
    detail: 'Idempotency-Key: must be 1 to 255 printable ASCII characters without spaces.',
    remedy: 'Send a new random key with each new request, and the same key when you repeat one.',
  });
}

const fingerprintOf = ({ operation, payload }: KeyedRequest): string =>
  createHash('sha256')
    .update(canonicalText([operation, payload]))
    .digest('hex');
