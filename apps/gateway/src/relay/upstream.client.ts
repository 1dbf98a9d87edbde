import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, type Dispatcher, errors, request } from 'undici';
import {
  Upstream,
  type UpstreamAnswer,
  UpstreamFailure,
  type UpstreamFailureKind,
  type UpstreamRequest,
} from './upstream.ts';

/** Where the provider is, and how long it may be silent. */
export interface UpstreamOptions {
  readonly url: string;
  readonly key: string;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
}

type Body = NonNullable<Dispatcher.DispatchOptions['body']>;

const connectionsMax = 512;
const connectTimeoutMs = 5_000;
const keepAliveMs = 30_000;

/** One OpenAI-compatible provider over HTTP/1.1. Redirects are not followed: they would take our key elsewhere. */
@Injectable()
export class HttpUpstream extends Upstream implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(private readonly options: UpstreamOptions) {
    super();
    this.agent = new Agent({
      connections: connectionsMax,
      pipelining: 1,
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: keepAliveMs,
      headersTimeout: options.headersTimeoutMs,
      bodyTimeout: options.bodyTimeoutMs,
    });
  }

  async ask({ endpoint, body }: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer> {
    const sent = { isWhole: false };
    try {
      const answer = await request(`${this.options.url}${endpoint.path}`, {
        method: 'POST',
        dispatcher: this.agent,
        signal,
        // Nothing of the client's own headers goes out: these are all there are.
        headers: {
          ...(endpoint.family === 'anthropic'
            ? anthropicHeaders(this.options.key)
            : bearer(this.options.key)),
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(body)),
          accept: 'application/json, text/event-stream',
          'accept-encoding': 'identity',
          'user-agent': 'haoli',
        },
        body: told(body, sent),
      });
      return {
        status: answer.statusCode,
        contentType: String(answer.headers['content-type'] ?? ''),
        body: pieces(answer.body),
      };
    } catch (error) {
      throw failureOf(error, 'unreachable', sent.isWhole);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.close();
  }
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Anthropic's own names for the key and for the version of its wire format that we read. */
const anthropicHeaders = (key: string) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' });

/** The body, and word of it when all of it has been written. */
function told(body: string, sent: { isWhole: boolean }): Body {
  // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable is what is wanted
  const written = async function* () {
    yield Buffer.from(body);
    sent.isWhole = true;
  };
  // undici takes any async iterable and waits for the socket between its pieces; its types do not say so.
  return written() as unknown as Body;
}

async function* pieces(body: Dispatcher.ResponseData['body']): AsyncGenerator<Buffer> {
  try {
    for await (const piece of body) yield piece as Buffer;
  } catch (error) {
    throw failureOf(error, 'broken-off', true);
  }
}

function failureOf(error: unknown, otherwise: UpstreamFailureKind, wasAsked: boolean): UpstreamFailure {
  const isAbort = (error as Partial<Error> | undefined)?.name === 'AbortError';
  if (isAbort) return new UpstreamFailure('aborted', error, wasAsked);
  const isTimeout = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
  return new UpstreamFailure(isTimeout ? 'timed-out' : otherwise, error, wasAsked);
}
