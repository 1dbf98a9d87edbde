import { type Charge, rate } from '@app/rating';
import { encodingOf } from '@app/tokens';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { allowsModel } from '../access/key-policy.ts';
import type { Caller } from '../access/caller.ts';
import { Clock } from '../clock.ts';
import { badRequest, keyMayNotUse, modelNotFound, rateLimited } from '../openai/openai-error.ts';
import { PriceList, type PublishedPrice } from '../prices/price-list.ts';
import { countDelivered } from '../relay/delivered-count.ts';
import { ThreadTokenCounts } from '../relay/token-counts.client.ts';
import type { TokenizeRequest } from './tokenize-request.ts';

const atOnceOfKeyMax = 2;
const atOnceMax = 16;
const countingMsMax = 30_000;

/** What a text comes to. */
export interface Tokenization {
  readonly encoding: string;
  /** True where no exact tokenizer of the model is public, or the request has parts without a published rule. */
  readonly estimated: boolean;
  /** Of each text, in order; of messages as a whole. */
  readonly counts: readonly number[];
  readonly inputTokens: number;
  readonly price: PublishedPrice;
  readonly charge: Charge;
}

/**
 * Counts tokens before a call is made, and says what they cost now. In a thread of its own, so that neither the event loop
 * nor the counting of calls that have ended waits for it.
 */
@Injectable()
export class TokenizeHandler implements OnApplicationShutdown {
  private readonly counts = new ThreadTokenCounts(countingMsMax);
  private readonly underWay = new Map<string, number>();
  private total = 0;

  constructor(
    private readonly prices: PriceList,
    private readonly clock: Clock,
  ) {}

  /** Throws OpenAI's 403, 404 or 429; 400 where the model is not priced by the token. */
  async handle({ keyId, rateCardId, policy }: Caller, request: TokenizeRequest): Promise<Tokenization> {
    const { model, outputTokens } = request;
    if (!allowsModel(policy, model)) throw keyMayNotUse(model);
    const at = this.clock.now();
    const price = await this.prices.priceAt(rateCardId, model, at);
    if (price === undefined) throw modelNotFound(model);
    const { counts, estimated } = await this.oneOf(keyId, () => this.count(request));
    const inputTokens = counts.reduce((sum, count) => sum + count, 0);
    const tokens = { input: inputTokens, output: outputTokens };
    const rated = rate({ tokens, units: {}, source: 'counted', estimated }, price, at);
    if (!rated.accepted) throw badRequest('model', `The model \`${model}\` is not priced by the token.`);
    return {
      encoding: encodingOf(model).encoding,
      estimated,
      counts,
      inputTokens,
      price,
      charge: rated.events[0],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.counts.onApplicationShutdown();
  }

  private async count({
    model,
    texts,
    body,
    endpoint: asked,
  }: TokenizeRequest): Promise<Pick<Tokenization, 'counts' | 'estimated'>> {
    const parts = texts?.map((text) => ({ kind: 'texts' as const, texts: [text], tokens: 0 }));
    const counted = await Promise.all(
      (parts ?? [undefined]).map((part) => {
        const endpoint = part === undefined ? asked : { ...asked, inputOf: () => part };
        return countDelivered({ model, body, endpoint }, [], this.counts);
      }),
    );
    return {
      counts: counted.map(({ tokens }) => tokens.input ?? 0),
      estimated: counted.some(({ estimated }) => estimated),
    };
  }

  /** Bounds what waits for the one thread, of each key and in all. */
  private async oneOf<Result>(keyId: string, work: () => Promise<Result>): Promise<Result> {
    const mine = this.underWay.get(keyId) ?? 0;
    if (mine >= atOnceOfKeyMax)
      throw rateLimited({ what: 'counts of tokens at once', limit: atOnceOfKeyMax });
    if (this.total >= atOnceMax) throw rateLimited({ what: 'counts of tokens at once', limit: atOnceMax });
    this.underWay.set(keyId, mine + 1);
    this.total += 1;
    try {
      return await work();
    } finally {
      this.total -= 1;
      const left = (this.underWay.get(keyId) ?? 1) - 1;
      if (left === 0) this.underWay.delete(keyId);
      else this.underWay.set(keyId, left);
    }
  }
}
