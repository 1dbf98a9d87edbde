import { z } from 'zod';
import { scrub } from './scrub.ts';

/** The `type` field of OpenAI's error object, as far as we send it. */
const OpenAiErrorType = z.enum([
  'invalid_request_error',
  'insufficient_quota',
  'server_error',
  'requests',
  'tokens',
]);
export type OpenAiErrorType = z.infer<typeof OpenAiErrorType>;

/** What a customer's client is told when a request fails. */
export interface OpenAiErrorDetails {
  readonly status: number;
  readonly type: OpenAiErrorType;
  readonly code: string | null;
  readonly message: string;
  /** The field of the request that is to blame. */
  readonly param?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The error object of OpenAI's API: all four fields are always there, or clients fail to parse it. */
export const OpenAiErrorBody = z.object({
  error: z.object({
    message: z.string(),
    type: OpenAiErrorType,
    param: z.string().nullable().describe('The field of the request that is to blame.'),
    code: z.string().nullable(),
  }),
});
export type OpenAiErrorBody = z.infer<typeof OpenAiErrorBody>;

/** A failure as OpenAI's clients understand it. The status chooses their error class, `code` is for programs. */
export class OpenAiError extends Error {
  override readonly name = 'OpenAiError';
  readonly details: OpenAiErrorDetails;

  constructor(details: OpenAiErrorDetails) {
    super(details.message);
    this.details = details;
  }

  get body(): OpenAiErrorBody {
    const { message, type, param = null, code } = this.details;
    return { error: { message, type, param, code } };
  }
}

/** Tells OpenAI's SDKs not to repeat: they repeat every 429 and 5xx twice, which no empty wallet gets fuller by. */
const noRetry = { 'x-should-retry': 'false' };

/** No key in the request. */
export const keyMissing = () =>
  new OpenAiError({
    status: 401,
    type: 'invalid_request_error',
    code: null,
    message:
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
  });

/** A key that is malformed, unknown, or revoked: the answer does not tell which. */
export const keyIncorrect = (key: string) =>
  new OpenAiError({
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message: `Incorrect API key provided: ${masked(key)}. You can find your API keys in the console.`,
  });

/** The key is not allowed from where the request came. */
export const addressRefused = () =>
  new OpenAiError({
    status: 401,
    type: 'invalid_request_error',
    code: 'ip_not_authorized',
    message: 'Your IP address is not on the list of addresses that this API key may be used from.',
  });

/** The key is good, but not for this. */
export const keyMayNot = (scope: string) =>
  new OpenAiError({
    status: 403,
    type: 'invalid_request_error',
    code: 'missing_scope',
    message: `This API key does not have the scope \`${scope}\`. Use another key, or have the scope added to this one.`,
  });

/** A key that is held back itself would make one that is not. */
export const restrictedKey = () =>
  new OpenAiError({
    status: 403,
    type: 'invalid_request_error',
    code: 'restricted_key',
    message:
      'A key with limits of its own cannot make or change keys, and no key can give a scope that it lacks, or a longer life than its own. Use a key without limits.',
  });

/** The key is good, but not for this model. */
export const keyMayNotUse = (model: string) =>
  new OpenAiError({
    status: 403,
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: `This API key may not use the model \`${model}\`.`,
  });

/** Somebody tries keys. */
export const tooManyFailedKeys = () =>
  new OpenAiError({
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'Too many requests with incorrect API keys came from your address. Try again in a minute.',
    headers: { 'retry-after': '60', 'x-should-retry': 'false' },
  });

/** A rate that is used up, or so many calls under way. */
export interface UsedUp {
  readonly what:
    'requests per min (RPM)' | 'tokens per min (TPM)' | 'concurrent calls' | 'counts of tokens at once';
  readonly limit: number;
  readonly used?: number;
  readonly requested?: number;
  /** When the same request may go. */
  readonly waitMs?: number;
}

/** The key's own limit. OpenAI's clients wait as long as the header says, and ask again. */
export const rateLimited = ({ what, limit, used, requested, waitMs = 1_000 }: UsedUp) => {
  const figures = used === undefined ? '' : `, Used ${String(used)}, Requested ${String(requested)}`;
  return new OpenAiError({
    status: 429,
    type: what.startsWith('tokens') ? 'tokens' : 'requests',
    code: 'rate_limit_exceeded',
    message: `Rate limit reached for this API key on ${what}: Limit ${String(limit)}${figures}. Please try again in ${String(waitMs)}ms.`,
    headers: { 'retry-after-ms': String(waitMs), 'retry-after': String(Math.ceil(waitMs / 1_000)) },
  });
};

/** A model that does not exist, has no price on the customer's rate card, or is not supported. */
export const modelNotFound = (model: string) =>
  new OpenAiError({
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
  });

/** Something the customer asked for that is not theirs, or not there: the answer does not tell which. */
export const notFound = (what: string) =>
  new OpenAiError({
    status: 404,
    type: 'invalid_request_error',
    code: 'not_found',
    message: `There is no such ${what}.`,
  });

/** An address that leads nowhere; `asked` is the method and the path. */
export const unknownUrl = (asked: string) =>
  new OpenAiError({
    status: 404,
    type: 'invalid_request_error',
    code: 'unknown_url',
    message: `Unknown request URL: ${asked}. Check the URL for typos, or the documentation at /docs.`,
  });

/** An address that is asked by other methods only. */
export const methodNotAllowed = (asked: string, allowed: readonly string[]) =>
  new OpenAiError({
    status: 405,
    type: 'invalid_request_error',
    code: 'method_not_allowed',
    message: `${asked} is not allowed. Ask it with ${allowed.join(' or ')}.`,
    headers: { allow: allowed.join(', ') },
  });

/** A request that what is there does not allow now. */
export const conflict = (message: string) =>
  new OpenAiError({
    status: 409,
    type: 'invalid_request_error',
    code: 'conflict',
    message,
    headers: noRetry,
  });

/** A field of the request that cannot be accepted. */
export const badRequest = (param: string | null, message: string, code: string | null = null) =>
  new OpenAiError({ status: 400, type: 'invalid_request_error', code, message, param });

/** The input is longer than the model can read. */
export const contextLengthExceeded = (model: string, contextTokens: number, tokens: number) =>
  badRequest(
    'messages',
    `This model's maximum context length is ${String(contextTokens)} tokens. However, your request for \`${model}\` resulted in ${String(tokens)} tokens. Please reduce the length of the input.`,
    'context_length_exceeded',
  );

/** A budget and what counts against it. */
export interface BudgetShortage {
  readonly owner: string;
  /** A day, a month or `total`. */
  readonly window: string;
  readonly limit: string;
  readonly spent: string;
  readonly held: string;
}

/** What a wallet or a budget lacks for a call, as decimal text in its currency. */
export interface Shortage {
  readonly needed: string;
  readonly short: {
    readonly available: string;
    /** The budget that is too small; undefined where it is the wallet. */
    readonly budget?: BudgetShortage | undefined;
  };
  readonly currency: string;
  /** How many output tokens the money would be enough for; undefined where the request makes none. */
  readonly affordableTokens: number | undefined;
}

/** The wallet cannot cover what the call may cost at most. */
export const insufficientQuota = ({ needed, short, currency, affordableTokens }: Shortage) =>
  new OpenAiError({
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message:
      'You exceeded your current quota, please check your plan and billing details. ' +
      `This request may cost up to ${needed} ${currency}, but ${lackOf(short, currency)}` +
      (affordableTokens === undefined
        ? '. Top up, or ask for less.'
        : `, enough for ${String(affordableTokens)} output tokens. Top up, or ask for fewer tokens with max_completion_tokens.`),
    headers: noRetry,
  });

function lackOf({ available, budget }: Shortage['short'], currency: string): string {
  if (budget === undefined) return `only ${available} ${currency} is available`;
  const { owner, window, limit, spent, held } = budget;
  const whose = owner === 'key' ? 'of this API key' : 'of your account';
  return `the budget ${whose} (${window}) is ${limit} ${currency}, of which ${spent} is spent and ${held} is held for calls under way`;
}

/** A call cannot be recorded or paid for at the moment, so it is not started. */
export const unavailable = (message: string) =>
  new OpenAiError({ status: 503, type: 'server_error', code: 'service_unavailable', message });

/** The first request under this Idempotency-Key has no answer yet. */
export const requestUnderWay = () =>
  new OpenAiError({
    status: 409,
    type: 'invalid_request_error',
    code: 'idempotency_key_in_use',
    param: 'Idempotency-Key',
    message: 'A request with this Idempotency-Key is under way. Ask again in a moment; it is charged once.',
    headers: { 'retry-after': '1' },
  });

/** The Idempotency-Key named another request before. */
export const requestDiffers = () =>
  new OpenAiError({
    status: 409,
    type: 'invalid_request_error',
    code: 'idempotency_key_reused',
    param: 'Idempotency-Key',
    message:
      'This Idempotency-Key was used for another request in the last 24 hours. Use a new one for a new request.',
    headers: noRetry,
  });

/** This process has as many calls as it may have. OpenAI's SDKs repeat it by themselves, and may come to another process. */
export const overloaded = () =>
  new OpenAiError({
    status: 503,
    type: 'server_error',
    code: 'server_overloaded',
    message:
      'The service has as many calls at once as it can serve. Try again in a moment; nothing was charged.',
    headers: { 'retry-after': '1' },
  });

/** Something failed on our side; the cause is in the log, under the request's id. */
export const internalError = () =>
  new OpenAiError({
    status: 500,
    type: 'server_error',
    code: 'internal_error',
    message:
      'The server had an error while processing your request. Quote the x-request-id when you ask us about it.',
  });

/** The provider could not be reached, was silent, or broke off. Its own words are only in our log. */
export const upstreamBroke = (status: 502 | 503 | 504 = 502) =>
  new OpenAiError({
    status,
    type: 'server_error',
    code: status === 504 ? 'upstream_timeout' : 'upstream_error',
    message:
      status === 504
        ? 'The model took too long to answer. Nothing was charged for what did not arrive.'
        : 'The model failed to answer. Nothing was charged for what did not arrive.',
  });

/** A provider's refusal of a request that the customer can mend is passed on, cleaned; every other is our trouble, not theirs. */
export function upstreamSaid(status: number, said: Readonly<Record<string, unknown>>): OpenAiError {
  const text = (name: string) => (typeof said[name] === 'string' ? scrub(said[name]) : null);
  if (status === 400 || status === 413 || status === 422) {
    return new OpenAiError({
      status: 400,
      type: 'invalid_request_error',
      code: text('code'),
      message: text('message') ?? 'The model refused the request.',
      param: text('param'),
    });
  }
  return upstreamBroke(status === 408 || status === 429 || status >= 500 ? 503 : 502);
}

/** A key as it may be repeated to whoever sent it: too little to learn it from a log. */
function masked(key: string): string {
  const printable = key.replaceAll(/[^\x21-\x7e]/g, '?');
  return printable.length < 16
    ? `${printable.slice(0, 3)}***`
    : `${printable.slice(0, 7)}***${printable.slice(-4)}`;
}
