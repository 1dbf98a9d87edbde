import { randomUUID } from 'node:crypto';
import { withLogContext } from '@app/observability';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Observable } from 'rxjs';
import { carrierOf } from './caller.ts';

/** Lets every log line of a gRPC call carry the request id that the peer sent, or a new one. */
export class GrpcRequestContext implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'rpc') return next.handle();
    const { get } = carrierOf(context) as { get?: (name: string) => readonly unknown[] };
    const [given] = get?.call(carrierOf(context), 'x-request-id') ?? [];
    const requestId = typeof given === 'string' ? given : randomUUID();
    return new Observable((subscriber) =>
      withLogContext({ requestId }, () => next.handle().subscribe(subscriber)),
    );
  }
}

const usableRequestId = /^[\x21-\x7e]{1,128}$/;

/** Gives every HTTP request an id (the caller's own where it is usable), in the answer and in every log line of the request. */
export function withRequestIds(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && usableRequestId.test(given) ? given : randomUUID();
    request.raw.headers['x-request-id'] = requestId;
    reply.raw.setHeader('x-request-id', requestId);
    withLogContext({ requestId }, done);
  });
}
