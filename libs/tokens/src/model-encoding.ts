import type { Encoding } from './token-counter.ts';

/** How the tokens of a model can be known. */
export interface ModelEncoding {
  /** The encoding to count in. */
  readonly encoding: Encoding;
  /** True where the count is only an estimate, because the model's own tokenizer is not public. */
  readonly estimated: boolean;
  /** Whose text takes how many tokens for each of this encoding; only where it is estimated. */
  readonly family: TokenizerFamily;
}

/** Makers of tokenizers. Only OpenAI's are counted exactly. */
export type TokenizerFamily = 'openai' | 'claude' | 'claude-2026' | 'deepseek' | 'other';

const exactly = (encoding: Encoding): ModelEncoding => ({ encoding, estimated: false, family: 'openai' });
const about = (family: TokenizerFamily): ModelEncoding => ({
  encoding: 'o200k_base',
  estimated: true,
  family,
});

/** The first pattern that a model's name matches says how it is counted. */
const models: readonly (readonly [RegExp, ModelEncoding])[] = [
  [/^(?:gpt-oss-|gpt-5|gpt-4\.5|gpt-4\.1|gpt-4o|chatgpt-4o-)/, exactly('o200k_base')],
  [/^(?:o1|o3|o4-mini)(?:-|$)/, exactly('o200k_base')],
  [/^(?:gpt-4|gpt-3\.5|gpt-35)(?:-|$)/, exactly('cl100k_base')],
  // OpenAI has not said which encoding these speak; the one before is the best guess.
  [/^gpt-(?:[6-9]|\d\d)/, about('openai')],
  [/^text-embedding-(?:3-(?:small|large)|ada-002)$/, exactly('cl100k_base')],
  // From Opus 4.7 and generation 5 on, the same text takes about 30 % more.
  [/^claude-(?:opus-4-[7-9]|[a-z]+-(?:[5-9]|\d\d)(?:-|$))/, about('claude-2026')],
  [/^claude-/, about('claude')],
  [/^deepseek-/, about('deepseek')],
];

/** How the tokens of a model are counted; a name with a maker before it, such as `openai/gpt-4o`, is read without it. */
export function encodingOf(model: string): ModelEncoding {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  return models.find(([pattern]) => pattern.test(name))?.[1] ?? about('other');
}
