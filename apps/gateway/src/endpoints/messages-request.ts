import { ModelName } from '@app/contracts';
import { z } from 'zod';
import { type CountedInput, type Fields, isFields, listIn, type ModelRequest, textIn } from './endpoint.ts';
import {
  always,
  bytesOf,
  messagesMax,
  pictureTokensBound,
  readBody,
  refuseFields,
  toolsMax,
  unsupportedType,
} from './read-body.ts';

const Block = z.looseObject({ type: z.string() });
const Content = z.union([z.string(), z.array(Block).max(messagesMax)]);

const MessagesBody = z.looseObject({
  model: ModelName,
  max_tokens: z.int().min(1),
  messages: z
    .array(z.looseObject({ role: z.enum(['user', 'assistant']), content: Content }))
    .min(1)
    .max(messagesMax),
  system: Content.nullish(),
  stream: z.boolean().nullish(),
  tools: z
    .array(z.looseObject({ type: z.string().nullish(), name: z.string().max(128) }))
    .max(toolsMax)
    .nullish(),
});
type MessagesBody = z.infer<typeof MessagesBody>;

/** What costs more than tokens, or works on the provider's own machines. */
const refusedFields = {
  service_tier: (value: unknown) => value !== 'auto' && value !== 'standard_only',
  container: always,
  mcp_servers: always,
  context_management: always,
  speed: (value: unknown) => value !== 'standard',
  inference_geo: always,
};
const blocks: ReadonlySet<string> = new Set([
  ...['text', 'image', 'tool_use', 'tool_result', 'thinking', 'redacted_thinking'],
]);

/** Reads Anthropic's request for a message. Throws an error that names the field that is to blame. */
export function readMessagesRequest(body: unknown): Omit<ModelRequest, 'endpoint'> {
  const asked = readBody(MessagesBody, body);
  refuseFields(asked, refusedFields);
  (asked.tools ?? []).forEach(({ type }, at) => {
    if ((type ?? 'custom') !== 'custom') throw unsupportedType(`tools[${String(at)}].type`, type);
  });
  asked.messages.forEach(({ content }, at) => {
    refuseBlocks(content, `messages[${String(at)}].content`);
  });
  return {
    model: asked.model,
    stream: asked.stream === true,
    wantsUsage: true,
    choices: 1,
    outputTokensWanted: asked.max_tokens,
    inputTokensBound: bytesOf(withoutPictures(asked)) + picturesIn(asked) * pictureTokensBound,
    inputs: 1,
    // Here pictures are reported as input like any other.
    hasPictures: false,
    pictures: 0,
    body: asked,
  };
}

function refuseBlocks(content: unknown, param: string): void {
  listIn(content).forEach((block, at) => {
    const name = `${param}[${String(at)}]`;
    if (!blocks.has(textIn(block['type']))) throw unsupportedType(`${name}.type`, block['type']);
    if (block['type'] === 'tool_result') refuseBlocks(block['content'], `${name}.content`);
  });
}

const blocksOf = (content: unknown): readonly Fields[] =>
  listIn(content).flatMap((block) => [block, ...blocksOf(block['content'])]);

const picturesIn = ({ messages }: MessagesBody): number =>
  messages.flatMap(({ content }) => blocksOf(content)).filter(({ type }) => type === 'image').length;

/** The bytes of a picture say nothing about its tokens. */
const withoutPictures = (asked: MessagesBody): Fields => ({
  ...asked,
  messages: asked.messages.map((message) => withoutBytes(message)),
});

function withoutBytes(block: Fields): Fields {
  if (block['type'] === 'image') return { type: 'image' };
  const { content } = block;
  return Array.isArray(content)
    ? { ...block, content: content.map((inner: unknown) => (isFields(inner) ? withoutBytes(inner) : inner)) }
    : block;
}

/** The same request as chat messages: Anthropic's tokenizer is not public, so the count is an estimate anyway. */
export function inputOfMessages(body: Fields): CountedInput {
  const { system, messages, tools } = body as MessagesBody;
  const said = system === undefined || system === null ? [] : [{ role: 'system', content: system }];
  return {
    kind: 'chat',
    body: {
      messages: [...said, ...messages.map(({ role, content }) => messageOf(role, content))],
      tools: (tools ?? []).map(({ input_schema: parameters, ...tool }) => ({
        type: 'function',
        function: { ...tool, parameters },
      })),
    },
  };
}

function messageOf(role: string, content: unknown): Fields {
  if (!Array.isArray(content)) return { role, content };
  const isPlain = (block: Fields) => block['type'] === 'text' || block['type'] === 'image';
  const others = listIn(content).filter((block) => !isPlain(block));
  return {
    role,
    content: listIn(content).filter(isPlain),
    ...(others.length === 0 ? {} : { tool_calls: others.map(withoutBytes) }),
  };
}
