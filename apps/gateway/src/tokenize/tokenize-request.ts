import { ModelName } from '@app/contracts';
import { z } from 'zod';
import { chatCompletions } from '../endpoints/chat-completions.ts';
import { type Endpoint, type Fields, isFields } from '../endpoints/endpoint.ts';
import { messages } from '../endpoints/messages.ts';
import { messagesMax, readBody } from '../endpoints/read-body.ts';
import { badRequest, OpenAiError } from '../openai/openai-error.ts';

/** How many characters one request may bring: so many are counted in about a second at worst. */
export const charactersMax = 1_024 * 1_024;
const textsMax = 2_048;

const Body = z.looseObject({
  model: ModelName,
  input: z.union([z.string(), z.array(z.string()).min(1).max(textsMax)]).optional(),
  messages: z
    .array(z.looseObject({ role: z.string() }))
    .min(1)
    .max(messagesMax)
    .optional(),
  max_output_tokens: z.int().min(0).max(10_000_000).optional(),
});

/** What is to be counted: texts as they are, or a chat request as a model would read it. */
export interface TokenizeRequest {
  readonly model: string;
  readonly texts: readonly string[] | undefined;
  readonly body: Fields;
  readonly outputTokens: number;
  /** By whose rules messages are read. */
  readonly endpoint: Endpoint;
}

/** Reads a request. Throws OpenAI's 400 or 413 with the field that is to blame. */
export function readTokenizeRequest(body: unknown): TokenizeRequest {
  const read = readBody(Body, body);
  const { model, input, messages: chat, max_output_tokens: outputTokens = 0 } = read;
  if ((input === undefined) === (chat === undefined)) {
    throw badRequest('input', "Give either 'input' (a text, or a list of texts) or 'messages'.");
  }
  if (charactersOf({ ...read, model: '' }) > charactersMax)
    throw tooLong(input === undefined ? 'messages' : 'input');
  const texts = typeof input === 'string' ? [input] : input;
  return { model, texts, body: read, outputTokens, endpoint: chatCompletions };
}

/** Reads Anthropic's request to count a message: one for a message, without a limit of its answer. Throws 400 or 413. */
export function readCountRequest(body: unknown): TokenizeRequest {
  const asked = messages.read(isFields(body) ? { ...body, max_tokens: 1 } : body);
  if (charactersOf({ ...asked.body, model: '' }) > charactersMax) throw tooLong('messages');
  return { model: asked.model, texts: undefined, body: asked.body, outputTokens: 0, endpoint: messages };
}

/** The characters of every text in a value, however deep. */
function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  const parts = Array.isArray(value)
    ? (value as readonly unknown[])
    : isFields(value)
      ? Object.values(value)
      : [];
  return parts.reduce<number>((sum, part) => sum + charactersOf(part), 0);
}

const tooLong = (param: string) =>
  new OpenAiError({
    status: 413,
    type: 'invalid_request_error',
    code: 'too_long',
    message: `A request may have ${String(charactersMax)} characters. Send the text in parts and add the counts up.`,
    param,
  });
