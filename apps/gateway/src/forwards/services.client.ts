import { Problem } from '@app/transport';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request } from 'undici';
import type { Readable } from 'node:stream';
import type { ForwardedService } from './forwarded-path.ts';

/** The HTTP addresses of the services. */
export class ServiceAddresses {
  constructor(readonly of: Readonly<Record<ForwardedService, string>>) {}
}

/** A request to hand on. */
export interface Forward {
  readonly service: ForwardedService;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** What a service answered. */
export interface ForwardedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

const answerHeaders = [
  'content-type',
  'content-disposition',
  'cache-control',
  'etag',
  'retry-after',
  'www-authenticate',
];
const headersTimeoutMs = 60_000;

/** The REST of the other services, which they guard by themselves with the caller's own token. */
@Injectable()
export class ServicesClient implements OnApplicationShutdown {
  private readonly agent = new Agent({ headersTimeout: headersTimeoutMs, pipelining: 1, connections: 64 });

  constructor(private readonly addresses: ServiceAddresses) {}

  async send({ service, method, path, headers, body }: Forward): Promise<ForwardedAnswer> {
    try {
      const answer = await request(`${this.addresses.of[service]}${path}`, {
        method: method as 'GET',
        dispatcher: this.agent,
        headers: { ...headers },
        ...(body === undefined ? {} : { body }),
      });
      const allowed = answerHeaders.flatMap((name) => {
        const value = answer.headers[name];
        return typeof value === 'string' ? [[name, value] as const] : [];
      });
      return { status: answer.statusCode, headers: Object.fromEntries(allowed), body: answer.body };
    } catch (error) {
      throw new Problem(
        { code: 'unavailable', detail: `${service} does not answer at the moment.` },
        { cause: error },
      );
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.close();
  }
}
