import { ModelName } from '@app/contracts';
import { z } from 'zod';
import { badRequest } from '../openai/openai-error.ts';
import type { Fields, ModelRequest, OutputLimit } from './endpoint.ts';
import {
  always,
  bytesOf,
  choicesMax,
  messagesMax,
  pictureTokensBound,
  readBody,
  type RefusedFields,
  refuseFields,
  toolsMax,
  unsupportedType,
} from './read-body.ts';

const ContentPart = z.looseObject({ type: z.string() });
const Message = z.looseObject({
  role: z.string().max(64),
  content: z.union([z.string(), z.array(ContentPart).max(messagesMax), z.null()]).optional(),
});

/** What we rely on. Everything else passes as it is, except what is refused below because it would cost extra. */
const ChatBody = z.looseObject({
  model: ModelName,
  messages: z.array(Message).min(1).max(messagesMax),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(choicesMax).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  tools: z
    .array(z.looseObject({ type: z.string() }))
    .max(toolsMax)
    .nullish(),
});
type ChatBody = z.infer<typeof ChatBody>;

/** Fields for which a provider asks more than the price per token. Without a price of ours they are refused. */
const unpricedFields: RefusedFields = {
  service_tier: (value) => value !== 'auto' && value !== 'default',
  web_search_options: always,
  audio: always,
  modalities: (value) => !Array.isArray(value) || value.some((modality) => modality !== 'text'),
  prediction: always,
  store: (value) => value !== false,
  best_of: (value) => value !== 1,
};
/** Parts whose tokens could not be bounded before the call. */
const boundedParts: ReadonlySet<string> = new Set(['text', 'refusal', 'image_url']);

/** Reads a request for a chat completion. Throws OpenAI's 400 with the field that is to blame. */
export function readChatRequest(body: unknown): Omit<ModelRequest, 'endpoint'> {
  const chat = readBody(ChatBody, body);
  refuseUnpriced(chat);
  const pictures = picturesIn(chat);
  return {
    model: chat.model,
    stream: chat.stream === true,
    wantsUsage: chat.stream_options?.include_usage === true,
    choices: chat.n ?? 1,
    outputTokensWanted: chat.max_completion_tokens ?? chat.max_tokens ?? undefined,
    inputTokensBound: bytesOf(withoutPictures(chat)) + pictures * pictureTokensBound,
    inputs: 1,
    hasPictures: pictures > 0,
    pictures: 0,
    body: chat,
  };
}

/**
 * Writes the body for the provider, anew from the parsed one: a name that stood twice in the client's text stands once,
 * so that the model we price is the model that answers. Usage is always asked for.
 */
export function chatProviderBody(
  { body, stream }: Pick<ModelRequest, 'body' | 'stream'>,
  { outputTokensMax }: OutputLimit,
  model: string,
): string {
  const { stream_options: options, ...rest } = body as ChatBody;
  return JSON.stringify({
    ...rest,
    model,
    ...(outputTokensMax === undefined ? {} : limited(rest, outputTokensMax)),
    ...(stream ? { stream_options: { ...options, include_usage: true } } : {}),
  });
}

function limited({ max_tokens: older }: Fields, outputTokensMax: number): Record<string, number> {
  // Some providers know the older name only: who used it gets it back.
  return typeof older === 'number'
    ? { max_tokens: outputTokensMax }
    : { max_completion_tokens: outputTokensMax };
}

function refuseUnpriced(chat: ChatBody): void {
  // A provider that knows one name only would take the larger limit, and the hold would cover the smaller.
  if (typeof chat.max_tokens === 'number' && typeof chat.max_completion_tokens === 'number')
    throw badRequest(
      'max_tokens',
      "'max_tokens' and 'max_completion_tokens' cannot be set at the same time.",
    );
  refuseFields(chat, unpricedFields);
  chat.messages.forEach(({ content }, message) => {
    if (!Array.isArray(content)) return;
    content.forEach(({ type }, part) => {
      if (boundedParts.has(type)) return;
      const param = `messages[${String(message)}].content[${String(part)}].type`;
      throw unsupportedType(param, type);
    });
  });
}

const picturesIn = ({ messages }: ChatBody): number =>
  messages
    .flatMap(({ content }) => (Array.isArray(content) ? content : []))
    .filter(({ type }) => type === 'image_url').length;

/** The bytes of a picture say nothing about its tokens. Only where a picture stands: anywhere else the same text is input. */
const withoutPictures = (chat: ChatBody): ChatBody => ({
  ...chat,
  messages: chat.messages.map((message) =>
    Array.isArray(message.content) ? { ...message, content: message.content.map(withoutBytes) } : message,
  ),
});

const ImagePart = z.looseObject({
  type: z.literal('image_url'),
  image_url: z.looseObject({ url: z.string().startsWith('data:image/') }),
});

function withoutBytes(part: z.infer<typeof ContentPart>): z.infer<typeof ContentPart> {
  const image = ImagePart.safeParse(part);
  return image.success ? { ...image.data, image_url: { ...image.data.image_url, url: '' } } : part;
}
