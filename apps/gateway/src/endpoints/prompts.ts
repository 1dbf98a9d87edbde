import { z } from 'zod';
import type { CountedInput } from './endpoint.ts';

const textsMax = 2_048;
const Tokens = z.array(z.int().min(0)).min(1);

/** What completions and embeddings take: a text or its tokens, or a list of either. */
export const Prompts = z.union([
  z.string(),
  z.array(z.string()).min(1).max(textsMax),
  Tokens,
  z.array(Tokens).min(1).max(textsMax),
]);
export type Prompts = z.infer<typeof Prompts>;

/** How many texts there are. */
export const howMany = (prompts: Prompts): number =>
  Array.isArray(prompts) && typeof prompts[0] !== 'number' ? prompts.length : 1;

/** The texts, and the tokens of what came as tokens already. */
export function inputOfPrompts(prompts: Prompts): Extract<CountedInput, { kind: 'texts' }> {
  const parts: readonly (string | number | readonly number[])[] = Array.isArray(prompts)
    ? prompts
    : [prompts];
  return {
    kind: 'texts',
    texts: parts.filter((part) => typeof part === 'string'),
    tokens: parts
      .filter((part) => typeof part !== 'string')
      .reduce<number>((sum, part) => sum + (typeof part === 'number' ? 1 : part.length), 0),
  };
}

/** No honest count is higher: a text has at most as many tokens as bytes. */
export function boundOfPrompts(prompts: Prompts): number {
  const { texts, tokens } = inputOfPrompts(prompts);
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), tokens);
}
