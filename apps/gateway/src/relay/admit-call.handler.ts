import { Money } from '@app/money';
import { newId } from '@app/persistence';
import type { RatingRefusal } from '@app/rating';
import { Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.ts';
import { budgetsAt } from '../access/key-budgets.ts';
import { Clock, later } from '../clock.ts';
import type { ModelRequest } from '../endpoints/endpoint.ts';
import {
  badRequest,
  contextLengthExceeded,
  insufficientQuota,
  modelNotFound,
  type OpenAiError,
  unavailable,
} from '../openai/openai-error.ts';
import { PriceList, type PublishedPrice } from '../prices/price-list.ts';
import type { AdmittedCall } from './admitted-call.ts';
import { countInputExactly } from './delivered-count.ts';
import {
  affordableTokens,
  affordableTokensMin,
  boundOf,
  type CallBound,
  holdAmount,
  HoldSlices,
  limitedTo,
} from './hold-amount.ts';
import { type HoldRefusal, Holds } from './holds.ts';
import { TokenCounts } from './token-counts.ts';

/** How long calls and silent gateways may last. */
export class CallTimes {
  /** How often the client of a stream hears from us before the provider does say something. */
  readonly keepAliveMs: number = 15_000;

  constructor(
    readonly deadlineMs: number,
    readonly holdExpiryMs: number,
  ) {}

  /** A tenth more than we give a call ourselves: its end must be on record before metering gives it up, or it is lost. */
  get closedAfterMs(): number {
    return Math.ceil(this.deadlineMs * 1.1);
  }
}

/** A call on its way in. */
interface Candidate {
  readonly caller: Caller;
  readonly request: ModelRequest;
  readonly price: PublishedPrice;
  readonly admittedAt: string;
}

/** Names that never reach a provider, whatever the price list says: `gpt-4` means the model with 8,192 tokens. */
const unsupported = /^gpt-4-32k(?:-|$)/;

/** Lets a call in: it has a price, and money for the most that it can cost is set aside. */
@Injectable()
export class AdmitCallHandler {
  constructor(
    private readonly prices: PriceList,
    private readonly holds: Holds,
    private readonly clock: Clock,
    private readonly times: CallTimes,
    private readonly counts: TokenCounts,
    private readonly slices: HoldSlices,
  ) {}

  /** Admits the call or throws why not, as OpenAI would say it. */
  async handle(caller: Caller, request: ModelRequest): Promise<AdmittedCall> {
    const admittedAt = this.clock.now();
    const { model } = request;
    const price = unsupported.test(model)
      ? undefined
      : await this.prices.priceAt(caller.rateCardId, model, admittedAt);
    if (price === undefined) throw modelNotFound(model);
    const fitting = await this.fitting(request, price);
    const candidate: Candidate = { caller, request: fitting, price, admittedAt };
    const placed = await this.place(candidate, boundOf(fitting, price));
    if ('call' in placed) return placed.call;
    // Its bytes are too much for the money; its tokens may be few enough.
    const input = fitting.pictures > 0 ? undefined : await countInputExactly(fitting, this.counts);
    const exact = { ...fitting, inputTokensBound: input ?? fitting.inputTokensBound };
    return this.placeSmaller({ ...candidate, request: exact }, placed);
  }

  /** A request whose bytes do not show that the model can read it is counted. */
  private async fitting(request: ModelRequest, { limits }: PublishedPrice): Promise<ModelRequest> {
    const { inputs, inputTokensBound, model } = request;
    if (limits === null || inputs > 1 || inputTokensBound <= limits.contextTokens) return request;
    const tokens = await countInputExactly(request, this.counts);
    if (tokens === undefined) return request;
    if (tokens > limits.contextTokens) throw contextLengthExceeded(model, limits.contextTokens, tokens);
    return { ...request, inputTokensBound: tokens };
  }

  private async placeSmaller(candidate: Candidate, refused: Refused): Promise<AdmittedCall> {
    const { request, price, admittedAt } = candidate;
    const whole = boundOf(request, price);
    const hold = holdAmount(this.slices.firstOf(whole, request), price, admittedAt);
    const needed = 'amount' in hold ? hold.amount : refused.needed;
    const affordable = Money.of(refused.short.affordable, price.currency);
    if (Money.of(needed, price.currency).compare(affordable) > 0)
      return this.placeShorter(candidate, whole, { ...refused, needed });
    const placed = await this.place(candidate, whole);
    if ('call' in placed) return placed.call;
    return this.placeShorter(candidate, whole, placed);
  }

  /** A client that named no limit gets as long an answer as there is money for; one that did is never cut short. */
  private async placeShorter(
    candidate: Candidate,
    whole: CallBound,
    refused: Refused,
  ): Promise<AdmittedCall> {
    const { request, price, admittedAt } = candidate;
    const tokens = affordableTokens(
      refused.short.affordable,
      { usage: whole.usage, choices: request.choices },
      { version: price, at: admittedAt },
    );
    if (request.outputTokensWanted === undefined && tokens >= affordableTokensMin) {
      const placed = await this.place(candidate, limitedTo(whole, tokens, request.choices));
      if ('call' in placed) return placed.call;
    }
    const { needed, short } = refused;
    const enoughFor = request.outputTokensWanted === 0 ? undefined : tokens;
    throw insufficientQuota({ needed, short, currency: price.currency, affordableTokens: enoughFor });
  }

  private async place(candidate: Candidate, callBound: CallBound): Promise<Placed | Refused> {
    const { caller, request, price, admittedAt } = candidate;
    const first = this.slices.firstOf(callBound, request);
    const hold = holdAmount(first, price, admittedAt);
    if ('refusal' in hold) throw unpriceable(hold.refusal, price.model);
    const call = {
      ...this.callOf(candidate, callBound, hold.amount),
      outputTokensHeld: first.usage.outputTokensMax,
    };
    const { callId, holdId, customerId, keyId } = call.facts;
    const expiresAt = later(admittedAt, this.times.holdExpiryMs);
    const { amount } = hold;
    const answer = await this.holds.place({
      callId,
      holdId,
      customerId,
      keyId,
      amount,
      currency: price.currency,
      expiresAt,
      limits: call.limits,
    });
    if (answer.isPlaced) return { call };
    if (isShort(answer)) return { needed: amount, short: answer };
    throw refusedFor(answer.code, caller);
  }

  private callOf(
    { caller, request, price, admittedAt }: Candidate,
    callBound: CallBound,
    amount: string,
  ): Omit<AdmittedCall, 'outputTokensHeld'> {
    return {
      facts: {
        callId: newId('call'),
        customerId: caller.customerId,
        keyId: caller.keyId,
        model: request.model,
        endpoint: request.endpoint.code,
        stream: request.stream,
        priceVersionId: price.id,
        holdId: newId('hold'),
        admittedAt,
      },
      hold: { amount, currency: price.currency },
      limits: budgetsAt(caller, admittedAt),
      deadline: later(admittedAt, this.times.closedAfterMs),
      price: { version: price, admittedAt },
      limit: { outputTokensMax: callBound.outputTokensMax },
      bound: callBound,
      family: request.endpoint.family,
      outputTokensMax: callBound.usage.outputTokensMax,
    };
  }
}

interface Placed {
  readonly call: AdmittedCall;
}

interface Refused {
  readonly needed: string;
  readonly short: HoldRefusal;
}

/** Less money would do: the wallet or a budget is too small for this hold. */
const isShort = ({ code }: HoldRefusal): boolean =>
  ['insufficient-funds', 'key-budget-exceeded', 'customer-budget-exceeded'].includes(code);

function unpriceable(refusal: RatingRefusal, model: string): OpenAiError {
  return refusal.code === 'unpriced-kind' && refusal.kind === 'input_image'
    ? badRequest('messages', `The model \`${model}\` does not take pictures here.`, 'unsupported_value')
    : badRequest(null, 'No price covers this request, so it cannot be made.', 'unsupported_value');
}

/** The wallet of a customer is opened within moments of its creation; until then the client may try again. */
function refusedFor(code: string, { customerId }: Caller): OpenAiError {
  return code === 'unknown-account'
    ? unavailable('Your account is still being opened. Try again in a moment.')
    : unavailable(`The hold for this call was refused (${code}) for ${customerId}.`);
}
