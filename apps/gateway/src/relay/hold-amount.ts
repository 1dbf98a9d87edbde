import {
  affordableOutputTokens,
  bound,
  type InputBound,
  type PriceVersion,
  type RatingRefusal,
  textKinds,
  type UsageBound,
} from '@app/rating';
import type { PublishedPrice } from '../prices/price-list.ts';
import type { ModelRequest } from '../endpoints/endpoint.ts';

/** What a call can use at most, and how its answer is to be limited so that this holds. */
export interface CallBound {
  readonly usage: UsageBound;
  /** What each choice may have, where the provider must be told; undefined where its own limit is ours. */
  readonly outputTokensMax: number | undefined;
}

/** A model whose limits were not published gives so many tokens at most: the provider is told. */
const outputTokensUnpublished = 16_384;
/** Below so few tokens an answer is not worth having. */
export const affordableTokensMin = 256;

/**
 * The most that a call can use: its bytes as input tokens, and the longest answer that was asked for or that the model gives.
 * A wish above the model's own limit is cut to it, or anybody could freeze a wallet with one number.
 */
export function boundOf(request: ModelRequest, price: PublishedPrice): CallBound {
  if (request.pictures > 0) return boundOfPictures(request, price);
  const { limits } = price;
  const longest = limits?.outputTokens ?? outputTokensUnpublished;
  const wanted = request.outputTokensWanted;
  const each = Math.min(wanted ?? longest, longest);
  const isTold = limits === null || (wanted !== undefined && wanted > longest);
  const readable = limits === null ? Number.MAX_SAFE_INTEGER : limits.contextTokens * request.inputs;
  const inputTokensMax = Math.min(request.inputTokensBound, readable);
  return {
    usage: {
      inputTokensMax,
      outputTokensMax: each * request.choices,
      ...(request.hasPictures ? { kinds: [...textKinds, 'input_image' as const] } : {}),
    },
    outputTokensMax: isTold ? each : undefined,
  };
}

/** More output tokens than any model makes one picture of. */
const pictureOutputTokensMax = 16_384;
const pictureKinds = ['input', 'cached_input', 'output_image'] as const;

/** Pictures cost by the piece where the price says so, or else by their tokens. */
function boundOfPictures({ pictures, inputTokensBound }: ModelRequest, price: PublishedPrice): CallBound {
  const usage = isSoldByPiece(price)
    ? { inputTokensMax: 0, outputTokensMax: 0, units: { image: pictures } }
    : {
        inputTokensMax: inputTokensBound,
        outputTokensMax: pictures * pictureOutputTokensMax,
        kinds: pictureKinds,
      };
  return { usage, outputTokensMax: undefined };
}

/** Whether pictures of this model have one price each, whatever tokens its provider counts. */
export const isSoldByPiece = ({ unitPrices, rates }: Pick<PublishedPrice, 'unitPrices' | 'rates'>): boolean =>
  unitPrices.image !== undefined && rates.output_image === undefined;

/** The same call with shorter answers. */
export function limitedTo(call: CallBound, tokens: number, choices: number): CallBound {
  return { usage: { ...call.usage, outputTokensMax: tokens * choices }, outputTokensMax: tokens };
}

/** Which calls are held for in slices, and how large a slice is, in tokens of each choice. */
export class HoldSlices {
  constructor(
    readonly tokens: number,
    private readonly models: RegExp,
  ) {}

  /**
   * What is held for at first. Only a stream of a model that does not think in secret shows how far it is, so only there
   * can a hold be extended in time; every other call is held for as a whole.
   */
  firstOf(call: CallBound, { stream, choices, model }: ModelRequest): CallBound {
    const slice = this.tokens * choices;
    if (!stream || !this.models.test(model) || call.usage.outputTokensMax <= slice) return call;
    return { ...call, usage: { ...call.usage, outputTokensMax: slice } };
  }
}

/** The hold that covers a call, as decimal text, or why the model cannot be priced for it. */
export function holdAmount(
  { usage }: CallBound,
  price: PriceVersion,
  at: string,
): { readonly amount: string } | { readonly refusal: RatingRefusal } {
  const bounded = bound(usage, price, at);
  return bounded.accepted ? { amount: bounded.events[0] } : { refusal: bounded.refusal };
}

/** How long each answer could be for what is available. */
export function affordableTokens(
  available: string,
  { usage, choices }: { readonly usage: InputBound; readonly choices: number },
  price: { readonly version: PublishedPrice; readonly at: string },
): number {
  const affordable = affordableOutputTokens(available, usage, price);
  return affordable.accepted ? Math.floor(affordable.events[0] / choices) : 0;
}
