import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { log } from '@app/observability';
import { Problem } from './problem.ts';
import type { ProblemFilter } from './problem-filter.ts';

/** What Node's parser found wrong with bytes that are no request. */
export interface ParserError extends Error {
  readonly code?: string;
}

/** Answers bytes that are no HTTP request in the form of this service's errors, and ends the connection. */
export function answerUnreadable(error: ParserError, socket: Socket, errors: ProblemFilter): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const problem = problemOfParser(error);
  const requestId = randomUUID();
  log().info({ requestId, status: problem.status, reason: error.code }, 'A request could not be read');
  const { contentType, body } = errors.unreadable(problem);
  const head = [
    `HTTP/1.1 ${String(problem.status)} ${STATUS_CODES[problem.status] ?? ''}`,
    `content-type: ${contentType}`,
    `content-length: ${String(Buffer.byteLength(body))}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroy(error);
}

function problemOfParser({ code }: ParserError): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem({
      ...{ status: 408, code: 'request-timeout', detail: 'The request did not arrive in time.' },
      remedy: 'Send it again, without pauses.',
    });
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Problem({
      ...{
        status: 431,
        code: 'headers-too-large',
        detail: 'The address and the headers are longer than 16 KiB.',
      },
      remedy: 'Ask for less at once, or send fewer headers.',
    });
  return new Problem({
    ...{ status: 400, code: 'invalid-request', detail: 'The bytes are not an HTTP request.' },
    remedy: 'Send the request with an HTTP client that frames it once: by content-length or by chunks.',
  });
}
