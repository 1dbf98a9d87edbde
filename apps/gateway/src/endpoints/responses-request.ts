import { ModelName } from '@app/contracts';
import { z } from 'zod';
import { type CountedInput, type Fields, listIn, type ModelRequest, textIn } from './endpoint.ts';
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

const Item = z.looseObject({ type: z.string().nullish(), role: z.string().max(64).nullish() });

const ResponseBody = z.looseObject({
  model: ModelName,
  input: z.union([z.string(), z.array(Item).min(1).max(messagesMax)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  tools: z
    .array(z.looseObject({ type: z.string() }))
    .max(toolsMax)
    .nullish(),
});
type ResponseBody = z.infer<typeof ResponseBody>;

/** What would be answered later, would need the provider's memory, or costs more than tokens. */
const refusedFields = {
  background: (value: unknown) => value !== false,
  conversation: always,
  previous_response_id: always,
  prompt: always,
  store: (value: unknown) => value !== false,
  service_tier: (value: unknown) => value !== 'auto' && value !== 'default',
};
/** Tools that the client runs itself; the provider's own have fees of their own. */
const clientTools: ReadonlySet<string> = new Set(['function', 'custom']);
const items: ReadonlySet<string> = new Set([
  ...['message', 'reasoning', 'function_call', 'function_call_output'],
  ...['custom_tool_call', 'custom_tool_call_output'],
]);
const parts: ReadonlySet<string> = new Set(['input_text', 'output_text', 'refusal', 'input_image']);

/** Reads a request for a response. Throws OpenAI's 400 with the field that is to blame. */
export function readResponsesRequest(body: unknown): Omit<ModelRequest, 'endpoint'> {
  const asked = readBody(ResponseBody, body);
  refuseFields(asked, refusedFields);
  (asked.tools ?? []).forEach(({ type }, at) => {
    if (!clientTools.has(type)) throw unsupportedType(`tools[${String(at)}].type`, type);
  });
  listIn(asked.input).forEach(refuseItem);
  const pictures = picturesIn(asked);
  return {
    model: asked.model,
    stream: asked.stream === true,
    wantsUsage: true,
    choices: 1,
    outputTokensWanted: asked.max_output_tokens ?? undefined,
    inputTokensBound: bytesOf(withoutPictures(asked)) + pictures * pictureTokensBound,
    inputs: 1,
    hasPictures: pictures > 0,
    pictures: 0,
    body: asked,
  };
}

function refuseItem(item: Fields, at: number): void {
  const { type = 'message', content } = item;
  const param = `input[${String(at)}]`;
  if (!items.has(String(type))) throw unsupportedType(`${param}.type`, type);
  // Reasoning comes back as the provider gave it.
  if (type === 'reasoning') return;
  listIn(content ?? item['output']).forEach((part, position) => {
    if (parts.has(textIn(part['type']))) return;
    throw unsupportedType(`${param}.content[${String(position)}].type`, part['type']);
  });
}

const partsOf = (item: Fields): readonly Fields[] => listIn(item['content'] ?? item['output']);

const picturesIn = ({ input }: ResponseBody): number =>
  listIn(input)
    .flatMap(partsOf)
    .filter(({ type }) => type === 'input_image').length;

/** The bytes of a picture say nothing about its tokens. */
const withoutPictures = (asked: ResponseBody): Fields => ({
  ...asked,
  input: Array.isArray(asked.input) ? asked.input.map(withoutPicturesIn) : asked.input,
});

function withoutPicturesIn(item: Fields): Fields {
  const field = Array.isArray(item['content']) ? 'content' : 'output';
  const value = item[field];
  if (!Array.isArray(value)) return item;
  return { ...item, [field]: value.map((part: unknown) => withoutBytes(part)) };
}

function withoutBytes(part: unknown): unknown {
  const picture = z.looseObject({ type: z.literal('input_image'), image_url: z.string() }).safeParse(part);
  return picture.success && picture.data.image_url.startsWith('data:image/')
    ? { ...picture.data, image_url: '' }
    : part;
}

/** The same request as chat messages, whose tokens have a published rule. */
export function inputOfResponses(body: Fields): CountedInput {
  const { input, instructions, tools } = body as ResponseBody;
  const system = typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : [];
  const messages = typeof input === 'string' ? [{ role: 'user', content: input }] : input.map(messageOf);
  return {
    kind: 'chat',
    body: {
      messages: [...system, ...messages],
      tools: (tools ?? []).map((tool) =>
        tool.type === 'function' ? { type: 'function', function: tool } : tool,
      ),
    },
  };
}

function messageOf(item: Fields): Fields {
  if ((item['type'] ?? 'message') === 'message')
    return { role: item['role'] ?? 'user', content: item['content'] };
  const { type, ...said } = item;
  return { role: textIn(type), tool_calls: said };
}
