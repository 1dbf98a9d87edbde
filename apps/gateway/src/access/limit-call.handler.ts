import { Injectable } from '@nestjs/common';
import type { ModelRequest } from '../endpoints/endpoint.ts';
import { keyMayNotUse, rateLimited } from '../openai/openai-error.ts';
import type { Caller } from './caller.ts';
import { KeyLimitsStore, type LimitAnswer, type WantedCall } from './key-limits.store.ts';
import { allowsModel } from './key-policy.ts';

/** Leave for one call. */
export interface Permit {
  /** What OpenAI's clients read of their limits. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the call; `tokens` is what it took, 0 where it was not answered. To be called once. */
  end(tokens: number): void;
}

const bytesPerToken = 4;
const tokensPerCallMax = 1_000_000_000;
const freely: Permit = { headers: {}, end: () => undefined };

/** Lets a call go if its key may call the model, so often, so much and so many at once. */
@Injectable()
export class LimitCallHandler {
  constructor(private readonly limits: KeyLimitsStore) {}

  /** Leave for the call. Throws OpenAI's 403 or 429. */
  async handle({ keyId, policy }: Caller, request: ModelRequest): Promise<Permit> {
    if (!allowsModel(policy, request.model)) throw keyMayNotUse(request.model);
    const { requestsPerMinute, tokensPerMinute, concurrentCalls } = policy;
    if (requestsPerMinute === null && tokensPerMinute === null && concurrentCalls === null) return freely;
    const { inputTokensBound, outputTokensWanted = 0, choices } = request;
    const estimate = Math.ceil(inputTokensBound / bytesPerToken) + outputTokensWanted * choices;
    const tokens = Math.min(estimate, tokensPerCallMax);
    const wanted = { keyId, requestsPerMinute, tokensPerMinute, concurrentCalls, tokens };
    const answer = await this.limits.take(wanted);
    if (answer.refused !== null) throw refusalOf(answer, wanted);
    const { number } = answer;
    return {
      headers: headersOf(answer, wanted),
      end: (taken) => {
        const tokensMore = taken - tokens;
        this.limits.end({ keyId, number, tokensMore, tokensPerMinute, wasCounted: concurrentCalls !== null });
      },
    };
  }
}

/** How long until so much of a rate is free again, in milliseconds. */
const waitMs = (over: number, perMinute: number): number =>
  Math.max(1, Math.ceil((over * 60_000) / perMinute));

function refusalOf({ refused, requestsUsed, tokensUsed }: LimitAnswer, wanted: WantedCall): Error {
  const { requestsPerMinute, tokensPerMinute, concurrentCalls, tokens } = wanted;
  if (refused === 'concurrency')
    return rateLimited({ what: 'concurrent calls', limit: concurrentCalls ?? 0 });
  const isTokens = refused === 'tokens';
  const limit = (isTokens ? tokensPerMinute : requestsPerMinute) ?? 0;
  const used = isTokens ? tokensUsed : requestsUsed;
  const requested = isTokens ? Math.min(tokens, limit) : 1;
  return rateLimited({
    what: isTokens ? 'tokens per min (TPM)' : 'requests per min (RPM)',
    ...{ limit, used: Math.ceil(used), requested, waitMs: waitMs(used + requested - limit, limit) },
  });
}

function headersOf({ requestsUsed, tokensUsed }: LimitAnswer, wanted: WantedCall): Record<string, string> {
  const { requestsPerMinute, tokensPerMinute } = wanted;
  const told = (name: string, limit: number | null, used: number) =>
    limit === null
      ? {}
      : {
          [`x-ratelimit-limit-${name}`]: String(limit),
          [`x-ratelimit-remaining-${name}`]: String(Math.max(0, Math.floor(limit - used))),
          [`x-ratelimit-reset-${name}`]: `${String(waitMs(used, limit))}ms`,
        };
  return {
    ...told('requests', requestsPerMinute, requestsUsed),
    ...told('tokens', tokensPerMinute, tokensUsed),
  };
}
