import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { isIP } from 'node:net';
import { finished } from 'node:stream/promises';
import { Agent, type Dispatcher, errors, request } from 'undici';
import { isPublicAddress, lookupPublic } from './public-address.ts';
import {
  Upstream,
  type UpstreamAnswer,
  type UpstreamBody,
  UpstreamFailure,
  type UpstreamFailureKind,
  type UpstreamRequest,
} from './upstream.ts';
import type { UpstreamAddress } from './upstream-routes.ts';

/** How long providers may be silent. */
export interface UpstreamTimes {
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
}

type Body = NonNullable<Dispatcher.DispatchOptions['body']>;

const connectionsMax = 512;
const connectTimeoutMs = 5_000;
const keepAliveMs = 30_000;

/**
 * Providers over HTTP/1.1, each with connections of its own. Redirects are not followed: they would take our key elsewhere.
 * What is not said to be private is reached at public addresses only, looked at when it is connected to.
 */
@Injectable()
export class HttpUpstream extends Upstream implements OnApplicationShutdown {
  private readonly agents = new Map<string, Agent>();

  constructor(private readonly times: UpstreamTimes) {
    super();
  }

  async ask({ upstream, endpoint, body }: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer> {
    const sent = { isWhole: false };
    try {
      const answer = await request(`${upstream.url}${endpoint.path}`, {
        method: 'POST',
        dispatcher: this.agentOf(upstream),
        signal,
        // Nothing of the client's own headers goes out: these are all there are.
        headers: {
          ...(endpoint.family === 'anthropic' ? anthropicHeaders(upstream.key) : bearer(upstream.key)),
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
        body: new AnswerBody(answer.body),
      };
    } catch (error) {
      throw failureOf(error, 'unreachable', sent.isWhole);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.agents.values()].map((agent) => agent.close()));
  }

  private agentOf({ code, url, allowPrivate }: UpstreamAddress): Agent {
    const known = this.agents.get(code);
    if (known !== undefined) return known;
    if (!allowPrivate && isIP(hostOf(url)) !== 0 && !isPublicAddress(hostOf(url)))
      throw new UpstreamFailure('unreachable', new Error(`${code} is at a private address`));
    const agent = new Agent({
      connections: connectionsMax,
      pipelining: 1,
      connect: { timeout: connectTimeoutMs, ...(allowPrivate ? {} : { lookup: lookupPublic }) },
      keepAliveTimeout: keepAliveMs,
      headersTimeout: this.times.headersTimeoutMs,
      bodyTimeout: this.times.bodyTimeoutMs,
    });
    this.agents.set(code, agent);
    return agent;
  }
}

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

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

/** Read by its events: a promise for each piece would cost more than passing it on. */
class AnswerBody implements UpstreamBody {
  constructor(private readonly body: Dispatcher.ResponseData['body']) {
    // It may break off before anybody reads it; whoever does is told then.
    body.on('error', () => undefined);
  }

  async each(take: (piece: Buffer) => Promise<void> | undefined): Promise<void> {
    const { body } = this;
    const taking: { failed: boolean; last: Promise<void> | undefined } = { failed: false, last: undefined };
    const cut = (error: unknown) => {
      taking.failed = true;
      body.destroy(error as Error);
    };
    body.on('data', (piece: Buffer) => {
      try {
        taking.last = take(piece);
        if (taking.last === undefined) return;
        body.pause();
        taking.last.then(() => body.resume(), cut);
      } catch (error) {
        cut(error);
      }
    });
    try {
      await finished(body);
      // The end comes as soon as the last piece is handed over, not when it is taken.
      await taking.last;
    } catch (error) {
      if (taking.failed) throw error;
      throw failureOf(error, 'broken-off', true);
    }
  }
}

function failureOf(error: unknown, otherwise: UpstreamFailureKind, wasAsked: boolean): UpstreamFailure {
  const isAbort = (error as Partial<Error> | undefined)?.name === 'AbortError';
  if (isAbort) return new UpstreamFailure('aborted', error, wasAsked);
  const isTimeout = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
  return new UpstreamFailure(isTimeout ? 'timed-out' : otherwise, error, wasAsked);
}
