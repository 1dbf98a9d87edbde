import type { Charge, UsageFamily } from '@app/rating';
import type { OpenAiError } from '../openai/openai-error.ts';

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** What admission and the relay must know of a request, whatever its endpoint. */
export interface ModelRequest {
  readonly endpoint: Endpoint;
  readonly model: string;
  readonly stream: boolean;
  /** The client asked for a usage chunk at the end of its stream. We ask the provider for one always. */
  readonly wantsUsage: boolean;
  /** How many answers are to be made; each may be as long as the longest. */
  readonly choices: number;
  /** The longest answer the client wants, in tokens; undefined where it did not say, 0 where no text is made. */
  readonly outputTokensWanted: number | undefined;
  /** No honest count of the input's tokens is higher: a token of text is at least one byte. */
  readonly inputTokensBound: number;
  /** Texts that are each read on their own: so many contexts there may be. */
  readonly inputs: number;
  /** Pictures go in that the provider reports as such. */
  readonly hasPictures: boolean;
  /** Pictures that were ordered; 0 where none can be. */
  readonly pictures: number;
  readonly body: Fields;
}

/** What each answer is to be limited to, where the client did not say, or said more than there is. */
export interface OutputLimit {
  readonly outputTokensMax: number | undefined;
}

/** What an answer showed of itself while it passed: enough to decide what it costs. */
export interface Observed {
  /** The provider's final usage report, as it came; undefined where there was none. */
  readonly usage: unknown;
  /** A report of the input that came before the end; it is true of the input even where the answer was broken off. */
  readonly usageSoFar?: unknown;
  /** At least one word, tool call or refusal came. */
  readonly hasOutput: boolean;
  /** The answer said why it ended. */
  readonly hasFinishReason: boolean;
  /** Pictures that were delivered. */
  readonly pictures: number;
}

/** What is to be done with an event of a stream: `hold` keeps it back for the end, `done` was the last one. */
export type Reading = 'pass' | 'hold' | 'done' | 'error';

/** What the client is shown at the end. */
export interface Shown {
  /** The provider's usage, or what was counted in its place; undefined where there is neither. */
  readonly usage: unknown;
  readonly charge: Charge | undefined;
  readonly wantsUsage: boolean;
}

/** Reads one answer as it passes, whole or event by event. */
export interface AnswerMeter extends Observed {
  /** Reads the data of one event of a stream. */
  event(data: string): Reading;
  /** Reads an answer that came whole. */
  whole(answer: Fields): void;
  /** The text of each choice, to be counted where the provider does not. */
  texts(): readonly string[];
  /** How many bytes of text came so far. */
  readonly textBytes: number;
  /** The last bytes of a stream that went well, in place of what was held back. */
  closing(shown: Shown): string;
}

/** The text that a request puts in: chat by OpenAI's published rules, or plain texts and tokens without overhead. */
export type CountedInput =
  | { readonly kind: 'chat'; readonly body: Fields }
  | { readonly kind: 'texts'; readonly texts: readonly string[]; readonly tokens: number };

/** One way to ask a model: how its requests are bounded and sent on, and how its answers are read. */
export interface Endpoint {
  /** As calls, usage lines and events name it. */
  readonly code: string;
  /** Below the provider's base address, and below `/v1` of ours. */
  readonly path: string;
  /** Whose usage bodies its answers carry. */
  readonly family: UsageFamily;
  /** Reads a request. Throws OpenAI's 400 with the field that is to blame. */
  read(body: unknown): ModelRequest;
  /** The body for the provider, written anew from the parsed one, for the model as the provider calls it. */
  providerBody(request: ModelRequest, limit: OutputLimit, model: string): string;
  /** A reader for one answer that keeps no more text than so many tokens can have. */
  meter(outputTokensMax: number): AnswerMeter;
  /** Whether a body of status 200 is an answer at all. */
  isAnswer(answer: Fields): boolean;
  /** What counts as input where the provider does not report it. */
  inputOf(body: Fields): CountedInput;
  /** A usage body for what we counted ourselves. */
  countedUsage(input: number, output: number): Fields;
  /** How a stream tells that it failed. */
  errorFrame(error: OpenAiError): string;
}

/** The JSON object in a text, or undefined where there is none. */
export function objectIn(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is a JSON object. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects in a list; none where it is no list. */
export const listIn = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isFields) : [];

/** The text of a value that is one. */
export const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The provider's usage with what it costs in it: equal, as text, to the usage line and to the ledger's postings. */
export function usageWithCost(usage: unknown, charge: Charge | undefined): unknown {
  if (charge === undefined || !isFields(usage)) return usage;
  const { amount: cost, currency, priceVersionId } = charge;
  return { ...usage, cost, cost_currency: currency, price_version: priceVersionId };
}
