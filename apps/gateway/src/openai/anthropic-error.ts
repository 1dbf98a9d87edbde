import { z } from 'zod';
import type { OpenAiError } from './openai-error.ts';

/** The error object of Anthropic's API. */
export const AnthropicErrorBody = z.object({
  type: z.literal('error'),
  error: z.object({ type: z.string(), message: z.string() }),
});
export type AnthropicErrorBody = z.infer<typeof AnthropicErrorBody>;

/** Anthropic's names for what OpenAI's clients know by the status. */
const typeOf: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

/** The status of an error for Anthropic's clients: an empty wallet is no rate limit there. */
export const anthropicStatusOf = ({ details: { status, code } }: OpenAiError): number =>
  code === 'insufficient_quota' ? 402 : status;

/** An error as Anthropic's clients understand it, in a body or in a stream. */
export function anthropicErrorOf(error: OpenAiError): AnthropicErrorBody {
  const { status, message, param } = error.details;
  const type = typeOf[anthropicStatusOf(error)] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  const field = param === undefined || param === null || message.includes(param) ? '' : `${param}: `;
  return { type: 'error', error: { type, message: `${field}${message}` } };
}
