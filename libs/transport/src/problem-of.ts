import { HttpException } from '@nestjs/common';
import { Problem } from './problem.ts';
import type { RefusalCode } from './refusal-status.ts';

/**
 * What a caller is told about any error: a Problem as it is, errors of Nest and Fastify in our words, everything else as an
 * internal error without its text, which may say things that are not the caller's.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isUnstorableText(error)) return unstorable(error);
  const status = statusOf(error);
  if (status === undefined || status >= 500) {
    return new Problem(
      { code: 'internal-error', detail: 'Something went wrong here. The request id finds it in the log.' },
      { cause: error },
    );
  }
  const detail = error instanceof Error ? error.message : 'The request cannot be answered.';
  return new Problem({ status, code: codeByStatus[status] ?? 'invalid-request', detail }, { cause: error });
}

/** What PostgreSQL says of U+0000 in text and in JSON (SQLSTATE 22021 and 22P05): everybody may send it, no column can hold it. */
const isUnstorableText = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === '22021' || error.code === '22P05');

const unstorable = (cause: unknown): Problem =>
  new Problem(
    {
      status: 400,
      code: 'unstorable-text',
      detail: 'The request has a text with the character U+0000.',
      remedy: 'Leave that character out.',
    },
    { cause },
  );

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number')
    return error.statusCode;
  return undefined;
}

const codeByStatus: Readonly<Record<number, RefusalCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  413: 'too-large',
  415: 'unsupported-media-type',
  429: 'rate-limited',
};
