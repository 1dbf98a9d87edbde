import type { TokenizerFamily } from './model-encoding.ts';

/** How many tokens a family makes of what is 1,000 tokens in `o200k_base`. */
interface PerThousand {
  readonly han: number;
  readonly other: number;
}

/**
 * Measured on documents and code for DeepSeek and for the last public tokenizer of Claude; its newer one takes about
 * 30 % more. For `other` nothing was measured: the figure is an allowance.
 */
const perThousand: Readonly<Record<TokenizerFamily, PerThousand>> = {
  openai: { han: 1000, other: 1000 },
  claude: { han: 1230, other: 1100 },
  'claude-2026': { han: 1599, other: 1430 },
  deepseek: { han: 890, other: 1050 },
  other: { han: 1230, other: 1100 },
};

/**
 * What a count in `o200k_base` comes to in a family without a public tokenizer, rounded up. Chinese and other text have
 * figures of their own, weighed by their share of the characters. It is an estimate and must be shown as one.
 */
export function estimateTokens(family: TokenizerFamily, counted: number, text: string): number {
  const { han, other } = perThousand[family];
  const characters = Math.max(text.length, 1);
  const hanCharacters = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const share = han * hanCharacters + other * (characters - hanCharacters);
  return Math.ceil((counted * share) / (1000 * characters));
}
