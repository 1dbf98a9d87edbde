import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { log } from '@app/observability';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { of, throwError, type Observable } from 'rxjs';
import type { z } from 'zod';
import { grpcErrorOf } from './grpc-problem.ts';
import { type Problem, ProblemBody } from './problem.ts';
import { problemOf } from './problem-of.ts';

/** The part of Fastify's reply that an answer needs. */
interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body: string): unknown;
  readonly sent: boolean;
}

/** How errors of some routes look. */
export interface ErrorForm {
  /** The name of the schema, in the document. */
  readonly name: string;
  readonly contentType: string;
  readonly schema: z.ZodType;
}

const problemType = 'application/problem+json; charset=utf-8';

/** Answers every error of every door: problem+json over HTTP, a status with details over gRPC. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): unknown {
    const problem = problemOf(error);
    if (problem.status >= 500) log().error({ err: error }, 'A request failed');
    if (host.getType() === 'rpc') return answerGrpc(problem, host);
    answerHttp(problem, host);
    return undefined;
  }

  /** The answer to bytes that are no request, of which no route is known. */
  unreadable(problem: Problem): { readonly contentType: string; readonly body: string } {
    return { contentType: problemType, body: JSON.stringify(problem.toJson()) };
  }

  /** How errors of a route look, for its documents. */
  formOf(_path: string): ErrorForm {
    return { name: 'Problem', contentType: 'application/problem+json', schema: ProblemBody };
  }
}

function answerHttp(problem: Problem, host: ArgumentsHost): void {
  const reply = host.switchToHttp().getResponse<Reply>();
  if (reply.sent) return;
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  reply.status(problem.status).header('content-type', problemType);
  reply.send(JSON.stringify(problem.toJson()));
}

/** The arguments of a streaming method are the call and, unless it answers by a stream, its callback. */
type StreamArguments = [call: ServerUnaryCall<unknown, unknown>, callback?: sendUnaryData<unknown>];

function answerGrpc(problem: Problem, host: ArgumentsHost): Observable<unknown> {
  const error = grpcErrorOf(problem);
  const [call, callback] = host.getArgs<StreamArguments>();
  if (!isCall(call)) return throwError(() => error);
  // Nest hands a streaming call through and would turn an error into an unhandled rejection: the call is answered here.
  if (typeof callback === 'function') callback(error);
  else call.emit('error', error);
  return of(undefined);
}

const isCall = (value: unknown): boolean => typeof value === 'object' && value !== null && 'getPath' in value;
