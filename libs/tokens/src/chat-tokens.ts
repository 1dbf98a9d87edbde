import type { Encoding } from './token-counter.ts';

/** Counts the tokens of a text. */
export type CountText = (text: string) => number;

/** A message as a chat request carries it; fields that are no text are not counted here. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly name?: string | undefined;
  readonly [field: string]: unknown;
}

/** A function as a chat request carries it in `tools[].function`. */
export interface ChatFunction {
  readonly name: string;
  readonly description?: string | undefined;
  readonly parameters?: unknown;
}

/** A count, and whether it is exact. */
export interface Counted {
  readonly tokens: number;
  /** True where a part of it follows no published rule, such as images, tool calls and nested schemas. */
  readonly estimated: boolean;
}

const perMessage = 3;
const perName = 1;
const perReply = 3;

/**
 * The prompt tokens of messages, by OpenAI's published rule: three for each message and once three for the reply, the
 * tokens of role, content and name, and one more for a name.
 */
export function countMessages(messages: readonly ChatMessage[], count: CountText): Counted {
  let tokens = perReply;
  let estimated = false;
  for (const message of messages) {
    const content = countContent(message.content, count);
    const calls = message['tool_calls'];
    tokens += perMessage + count(message.role) + content.tokens + countOther(calls, count);
    if (message.name !== undefined) tokens += perName + count(message.name);
    estimated ||= content.estimated || (calls !== undefined && calls !== null);
  }
  return { tokens, estimated };
}

/** What a model family adds for each function; both found by asking the API. */
const perFunction: Readonly<Record<Encoding, number>> = { o200k_base: 7, cl100k_base: 10 };
const perFunctions = 12;
const perProperties = 3;
const perProperty = 3;
const perChoices = -3;
const perChoice = 3;

/** The prompt tokens of functions, by OpenAI's published rule. It says nothing of nested schemas: those are estimated. */
export function countFunctions(
  functions: readonly ChatFunction[],
  encoding: Encoding,
  count: CountText,
): Counted {
  if (functions.length === 0) return { tokens: 0, estimated: false };
  let tokens = perFunctions;
  let estimated = false;
  for (const { name, description, parameters } of functions) {
    const properties = countProperties(parameters, count);
    tokens += perFunction[encoding] + count(`${name}:${withoutDot(description)}`) + properties.tokens;
    estimated ||= properties.estimated;
  }
  return { tokens, estimated };
}

function countContent(content: unknown, count: CountText): Counted {
  if (content === undefined || content === null) return { tokens: 0, estimated: false };
  if (typeof content === 'string') return { tokens: count(content), estimated: false };
  if (!Array.isArray(content)) return { tokens: countOther(content, count), estimated: true };
  const texts = content.map((part: unknown) => textOf(part));
  const tokens = texts.reduce((sum: number, text) => sum + (text === undefined ? 0 : count(text)), 0);
  return { tokens, estimated: texts.includes(undefined) };
}

/** The text of a part of a message; undefined where it is an image, audio or a file. */
function textOf(part: unknown): string | undefined {
  if (!isRecord(part)) return undefined;
  const text = part['text'] ?? part['refusal'];
  return typeof text === 'string' ? text : undefined;
}

function countOther(value: unknown, count: CountText): number {
  return value === undefined || value === null ? 0 : count(JSON.stringify(value));
}

function countProperties(parameters: unknown, count: CountText): Counted {
  const properties = isRecord(parameters) ? parameters['properties'] : undefined;
  if (!isRecord(properties)) return { tokens: 0, estimated: false };
  const entries = Object.entries(properties);
  if (entries.length === 0) return { tokens: 0, estimated: false };
  let tokens = perProperties;
  let estimated = false;
  for (const [name, schema] of entries) {
    const property = countProperty(name, isRecord(schema) ? schema : {}, count);
    tokens += property.tokens;
    estimated ||= property.estimated;
  }
  return { tokens, estimated };
}

function countProperty(name: string, schema: Readonly<Record<string, unknown>>, count: CountText): Counted {
  const type = typeof schema['type'] === 'string' ? schema['type'] : '';
  const text = `${name}:${type}:${withoutDot(schema['description'])}`;
  const nested = schema['properties'] ?? schema['items'] ?? schema['anyOf'];
  const tokens = perProperty + count(text) + countChoices(schema['enum'], count) + countOther(nested, count);
  return { tokens, estimated: nested !== undefined || type === '' };
}

function countChoices(choices: unknown, count: CountText): number {
  if (!Array.isArray(choices)) return 0;
  return choices.reduce((sum: number, choice) => sum + perChoice + count(String(choice)), perChoices);
}

function withoutDot(description: unknown): string {
  return typeof description === 'string' ? description.replace(/\.$/, '') : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
