import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Module, type DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { startLog } from './log.ts';

/** Structured logs with a request id, which is taken from `x-request-id` or made, and given back in the answer. */
@Module({})
export class LoggingModule {
  static forRoot(serviceName: string): DynamicModule {
    const logger = startLog(serviceName);
    const pinoHttp = {
      logger,
      genReqId: requestIdOf,
      autoLogging: { ignore: isProbe },
      customLogLevel: (_request: IncomingMessage, response: ServerResponse, error?: Error) =>
        error !== undefined || response.statusCode >= 500 ? ('error' as const) : ('info' as const),
      serializers: {
        req: ({ id, method, url }: { id: unknown; method: unknown; url: unknown }) => ({ id, method, url }),
        res: ({ statusCode }: { statusCode: unknown }) => ({ statusCode }),
      },
    };
    return { module: LoggingModule, imports: [LoggerModule.forRoot({ pinoHttp })], exports: [LoggerModule] };
  }
}

const usableRequestId = /^[\x21-\x7e]{1,128}$/;

function requestIdOf(request: IncomingMessage, response: ServerResponse): string {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && usableRequestId.test(given) ? given : randomUUID();
  response.setHeader('x-request-id', id);
  return id;
}

const isProbe = (request: IncomingMessage): boolean =>
  /^\/(?:livez|readyz|metrics)(?:\?|$)/.test(request.url ?? '');
