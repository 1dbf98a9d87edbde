import type { z } from 'zod';
import { badRequest } from '../openai/openai-error.ts';
import type { Fields } from './endpoint.ts';

/** More than any model charges for one picture, whatever its size: we never fetch one to look. */
export const pictureTokensBound = 50_000;
/** How many answers one request may ask for. */
export const choicesMax = 8;
/** How many messages, or items of input, one request may have. */
export const messagesMax = 2_048;
/** How many tools one request may bring. */
export const toolsMax = 128;
const depthMax = 64;

/** Which values of a field are refused, by the field's name. */
export type RefusedFields = Readonly<Record<string, (value: unknown) => boolean>>;

/** Refuses whatever stands in a field. */
export const always = (): boolean => true;

/** Reads what we rely on in a body. Throws OpenAI's 400 with the field that is to blame. */
export function readBody<Body extends Fields>(schema: z.ZodType<Body>, body: unknown): Body {
  if (depthOf(body) > depthMax)
    throw badRequest(null, `The body is nested deeper than ${String(depthMax)} levels.`);
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw refusalOf(parsed.error);
  return parsed.data;
}

/** Refuses fields for which a provider asks more than the price per token, or that it would answer later or elsewhere. */
export function refuseFields(body: Fields, refused: RefusedFields): void {
  for (const [field, isRefused] of Object.entries(refused)) {
    const value = body[field];
    if (value === undefined || value === null || !isRefused(value)) continue;
    throw badRequest(field, `'${field}' is not supported with this value.`, 'unsupported_parameter');
  }
}

/** Refuses a part of a request whose kind cannot be priced or bounded. */
export function unsupportedType(param: string, type: unknown): Error {
  return badRequest(param, `The type '${String(type)}' is not supported here.`, 'unsupported_value');
}

/** The bytes of a value as JSON: no honest count of its tokens is higher. */
export const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

function refusalOf({ issues: [issue] }: z.ZodError): Error {
  const path = (issue?.path ?? []).map((step) =>
    typeof step === 'number' ? `[${String(step)}]` : `.${String(step)}`,
  );
  const param = path.join('').replace(/^\./, '');
  return param === ''
    ? badRequest(null, 'The body must be a JSON object with a model.')
    : badRequest(param, `Invalid value for '${param}': ${issue?.message ?? 'not as documented'}.`);
}

/** How deep a value is nested; stops counting one level below the limit. */
function depthOf(value: unknown, level = 0): number {
  if (level > depthMax || value === null || typeof value !== 'object') return level;
  return Object.values(value).reduce<number>(
    (deepest, inner) => Math.max(deepest, depthOf(inner, level + 1)),
    level,
  );
}
