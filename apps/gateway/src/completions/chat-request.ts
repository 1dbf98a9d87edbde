import { ModelName } from '@app/contracts';
import { z } from 'zod';
import { badRequest } from '../openai/openai-error.ts';

/** A request for a chat completion: what we must know of it, and the body as it goes to the provider. */
export interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  /** The client asked for a usage chunk at the end of its stream. We ask the provider for one always. */
  readonly wantsUsage: boolean;
  /** How many answers are to be made; each may be as long as the longest. */
  readonly choices: number;
  /** The longest answer the client wants, in tokens; undefined where it did not say. */
  readonly outputTokensWanted: number | undefined;
  /** No honest count of the input's tokens is higher: a token of text is at least one byte. */
  readonly inputTokensBound: number;
  readonly hasPictures: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What the body of an answer is to be limited to, where the client did not say, or said more than there is. */
export interface OutputLimit {
  readonly outputTokensMax: number | undefined;
}

const messagesMax = 2_048;
const toolsMax = 128;
const choicesMax = 8;
const depthMax = 64;
/** More than any model charges for one picture, whatever its size: we never fetch one to look. */
const imageTokensBound = 50_000;

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
const unpricedFields: Readonly<Record<string, (value: unknown) => boolean>> = {
  service_tier: (value) => value !== 'auto' && value !== 'default',
  web_search_options: () => true,
  audio: () => true,
  modalities: (value) => !Array.isArray(value) || value.some((modality) => modality !== 'text'),
  prediction: () => true,
  store: (value) => value !== false,
  best_of: (value) => value !== 1,
};
/** Parts whose tokens could not be bounded before the call. */
const boundedParts: ReadonlySet<string> = new Set(['text', 'refusal', 'image_url']);

/** Reads a request body. Throws OpenAI's 400 with the field that is to blame. */
export function readChatRequest(body: unknown): ChatRequest {
  if (depthOf(body) > depthMax)
    throw badRequest(null, `The body is nested deeper than ${String(depthMax)} levels.`);
  const parsed = ChatBody.safeParse(body);
  if (!parsed.success) throw refusalOf(parsed.error);
  const chat = parsed.data;
  refuseUnpriced(chat);
  const pictures = picturesIn(chat);
  return {
    model: chat.model,
    stream: chat.stream === true,
    wantsUsage: chat.stream_options?.include_usage === true,
    choices: chat.n ?? 1,
    outputTokensWanted: chat.max_completion_tokens ?? chat.max_tokens ?? undefined,
    inputTokensBound: Buffer.byteLength(JSON.stringify(withoutPictures(chat))) + pictures * imageTokensBound,
    hasPictures: pictures > 0,
    body: chat,
  };
}

/**
 * Writes the body for the provider, anew from the parsed one: a name that stood twice in the client's text stands once,
 * so that the model we price is the model that answers. Usage is always asked for.
 */
export function upstreamBody({ body, stream }: ChatRequest, { outputTokensMax }: OutputLimit): string {
  const { stream_options: options, ...rest } = body as ChatBody;
  return JSON.stringify({
    ...rest,
    ...(outputTokensMax === undefined ? {} : limited(rest, outputTokensMax)),
    ...(stream ? { stream_options: { ...options, include_usage: true } } : {}),
  });
}

function limited({ max_tokens: older }: Partial<ChatBody>, outputTokensMax: number): Record<string, number> {
  // Some providers know the older name only: who used it gets it back.
  return typeof older === 'number'
    ? { max_tokens: outputTokensMax }
    : { max_completion_tokens: outputTokensMax };
}

function refusalOf({ issues: [issue] }: z.ZodError): Error {
  const path = (issue?.path ?? []).map((step) =>
    typeof step === 'number' ? `[${String(step)}]` : `.${String(step)}`,
  );
  const param = path.join('').replace(/^\./, '');
  return param === ''
    ? badRequest(null, 'The body must be a JSON object with a model and messages.')
    : badRequest(param, `Invalid value for '${param}': ${issue?.message ?? 'not as documented'}.`);
}

function refuseUnpriced(chat: ChatBody): void {
  // A provider that knows one name only would take the larger limit, and the hold would cover the smaller.
  if (typeof chat.max_tokens === 'number' && typeof chat.max_completion_tokens === 'number')
    throw badRequest(
      'max_tokens',
      "'max_tokens' and 'max_completion_tokens' cannot be set at the same time.",
    );
  for (const [field, isRefused] of Object.entries(unpricedFields)) {
    const value = chat[field];
    if (value === undefined || value === null || !isRefused(value)) continue;
    throw badRequest(field, `'${field}' is not supported with this value.`, 'unsupported_parameter');
  }
  chat.messages.forEach(({ content }, message) => {
    if (!Array.isArray(content)) return;
    content.forEach(({ type }, part) => {
      if (boundedParts.has(type)) return;
      const param = `messages[${String(message)}].content[${String(part)}].type`;
      throw badRequest(param, `Content of type '${type}' is not supported.`, 'unsupported_value');
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

/** How deep a value is nested; stops counting one level below the limit. */
function depthOf(value: unknown, level = 0): number {
  if (level > depthMax || value === null || typeof value !== 'object') return level;
  return Object.values(value).reduce<number>(
    (deepest, inner) => Math.max(deepest, depthOf(inner, level + 1)),
    level,
  );
}
