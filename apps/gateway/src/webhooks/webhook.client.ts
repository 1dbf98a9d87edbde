import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request } from 'undici';
import { lookupPublic, NoPublicAddress } from '../upstreams/public-address.ts';
import { problemOfUrl, WebhookReach } from './webhook-url.ts';

/** What an endpoint's server did with an event. */
export type Reception =
  | { readonly responseStatus: number }
  | { readonly responseStatus: null; readonly failure: 'timed_out' | 'unreachable' | 'forbidden_address' };

/** How long an attempt may take, from the name's look-up to the end of the answer. */
export class WebhookTimes {
  constructor(readonly attemptMs: number) {}
}

/** Nobody reads what the server says; so much of it is taken, to use the connection again. */
const answerBytesMax = 16_384;

/**
 * Posts events to customers' servers. Names are looked up for each connection, and only addresses of the public Internet are
 * connected to; redirects are not followed. Nothing of an answer but its status is kept.
 */
@Injectable()
export class WebhookClient implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(
    private readonly reach: WebhookReach,
    private readonly times: WebhookTimes,
  ) {
    this.agent = new Agent({
      pipelining: 1,
      keepAliveTimeout: 4_000,
      maxHeaderSize: answerBytesMax,
      connect: { timeout: times.attemptMs, ...(reach.includesPrivate ? {} : { lookup: lookupPublic }) },
    });
  }

  async post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Reception> {
    if (problemOfUrl(url, this.reach) !== undefined)
      return { responseStatus: null, failure: 'forbidden_address' };
    const signal = AbortSignal.timeout(this.times.attemptMs);
    try {
      const answer = await request(url, {
        ...{ method: 'POST', dispatcher: this.agent, signal, body },
        headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'haoli-webhooks' },
      });
      await answer.body.dump({ limit: answerBytesMax, signal });
      return { responseStatus: answer.statusCode };
    } catch (error) {
      return { responseStatus: null, failure: failureOf(error, signal) };
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
}

function failureOf(error: unknown, signal: AbortSignal): 'timed_out' | 'unreachable' | 'forbidden_address' {
  if (signal.aborted) return 'timed_out';
  return error instanceof NoPublicAddress ? 'forbidden_address' : 'unreachable';
}
