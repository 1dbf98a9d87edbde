import type { Usage } from '@app/rating';
import {
  type ChatFunction,
  type ChatMessage,
  type Counted,
  countFunctions,
  countMessages,
  type CountText,
  type Encoding,
  encodingOf,
  estimateTokens,
} from '@app/tokens';
import {
  type CountedInput,
  type Fields,
  isFields,
  listIn,
  type ModelRequest,
} from '../endpoints/endpoint.ts';
import type { TokenCounts } from './token-counts.ts';

type Asked = Pick<ModelRequest, 'model' | 'body' | 'endpoint'>;

/** More input than this is not counted to its end, which is to the customer’s favour: no model reads so much. */
const inputUnitsMax = 4 * 1_024 * 1_024;
/** What a message may say beside its content. */
const furtherFields = ['tool_calls', 'function_call', 'refusal', 'reasoning_content', 'reasoning'] as const;

/**
 * The usage of a call that nobody reported: its request as input, and what came of each choice as output. Pictures are
 * not counted. It is `estimated` where the model's tokenizer, or a rule for a part of the request, is not public.
 */
export async function countDelivered(
  { model, body, endpoint }: Asked,
  outputs: readonly string[],
  counts: TokenCounts,
): Promise<Pick<Usage, 'tokens' | 'estimated'>> {
  const { encoding, estimated, family } = encodingOf(model);
  const inputs: string[] = [];
  const asked = endpoint.inputOf(body);
  countInput(asked, encoding, (text) => {
    inputs.push(text);
    return 0;
  });
  const kept = clipped(inputs);
  const counted = await counts.count(encoding, [...kept, ...outputs]);
  const remaining = counted.values();
  const input = countInput(asked, encoding, () => remaining.next().value ?? 0);
  const known = (tokens: number, texts: readonly string[]) =>
    estimated ? estimateTokens(family, tokens, sampleOf(texts)) : tokens;
  return {
    tokens: {
      input: known(input.tokens, kept),
      output: outputs.reduce((sum, text, at) => sum + known(counted[kept.length + at] ?? 0, [text]), 0),
    },
    estimated: estimated || input.estimated || kept.some((text, at) => text !== inputs[at]),
  };
}

/** The tokens of what a stream has said so far, or what is taken for them. Rejects where they cannot be counted. */
export async function countOutput(
  model: string,
  texts: readonly string[],
  counts: TokenCounts,
): Promise<number> {
  const { encoding, estimated, family } = encodingOf(model);
  const counted = await counts.count(encoding, texts);
  return texts.reduce((sum, text, at) => {
    const tokens = counted[at] ?? 0;
    return sum + (estimated ? estimateTokens(family, tokens, sampleOf([text])) : tokens);
  }, 0);
}

/** The exact tokens of a request's input; undefined where nobody can say, or not in time. */
export async function countInputExactly(request: Asked, counts: TokenCounts): Promise<number | undefined> {
  if (encodingOf(request.model).estimated) return undefined;
  const counted = await countDelivered(request, [], counts).catch(() => undefined);
  return counted === undefined || counted.estimated ? undefined : counted.tokens.input;
}

/** The input by OpenAI's published rules; what they say nothing of counts as the JSON that it is written in. */
function countInput(asked: CountedInput, encoding: Encoding, count: CountText): Counted {
  if (asked.kind === 'chat') return countChat(asked.body, encoding, count);
  const tokens = asked.texts.reduce((sum, text) => sum + count(text), asked.tokens);
  return { tokens, estimated: false };
}

function countChat(body: Fields, encoding: Encoding, count: CountText): Counted {
  const tools = listIn(body['tools']);
  const ofTools = tools.map(({ type, function: called }) => (type === 'function' ? called : undefined));
  const functions = [...ofTools.filter(isFields), ...listIn(body['functions'])];
  const messages = countMessages(listIn(body['messages']).map(messageOf), count);
  const called = countFunctions(functions as unknown as readonly ChatFunction[], encoding, count);
  const others = [...tools.filter((_tool, at) => !isFields(ofTools[at])), body['schema']]
    .filter(isFields)
    .map((other) => count(JSON.stringify(other)));
  return {
    tokens: others.reduce((sum, tokens) => sum + tokens, messages.tokens + called.tokens),
    estimated: messages.estimated || called.estimated || others.length > 0,
  };
}

function messageOf(message: Fields): ChatMessage {
  const further = furtherFields.map((field) => message[field]).filter(isSaid);
  return {
    role: String(message['role']),
    content: message['content'],
    name: typeof message['name'] === 'string' ? message['name'] : undefined,
    tool_calls: further.length > 1 ? further : further[0],
  };
}

const isSaid = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);

function clipped(texts: readonly string[]): readonly string[] {
  let left = inputUnitsMax;
  return texts.map((text) => {
    const kept = text.slice(0, left);
    left -= kept.length;
    return kept;
  });
}

const slices = 64;
const sliceUnits = 1_024;

/** Enough of the texts to see how much of them is Chinese, from all over them, whatever their length. */
function sampleOf(texts: readonly string[]): string {
  const whole = texts.join('');
  if (whole.length <= slices * sliceUnits) return whole;
  const step = Math.floor(whole.length / slices);
  return Array.from({ length: slices }, (_none, at) => whole.slice(at * step, at * step + sliceUnits)).join(
    '',
  );
}
