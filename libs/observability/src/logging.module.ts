import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Module, type DynamicModule } from '@nestjs/common';
import { Logger as NestLog, LoggerModule } from 'nestjs-pino';
import { startLog } from './log.ts';

/** What Nest itself logs through: `app.useLogger(app.get(NestLog))`. */
export { NestLog };

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

/** The id was given to the request when it came in (see libs/transport); a request from elsewhere gets one here. */
const requestIdOf = (request: IncomingMessage): string => {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' ? given : randomUUID();
};

const isProbe = (request: IncomingMessage): boolean =>
  /^\/(?:livez|readyz|metrics)(?:\?|$)/.test(request.url ?? '');
