import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { RankFile } from './ranks.ts';
import { encodings, TokenCounter } from './token-counter.ts';

const docs = join(import.meta.dirname, '../../../docs');
const read = (path: string): string => readFileSync(join(docs, path), 'utf8');
const { english, chinese } = JSON.parse(read('samples/prose.json')) as Record<'english' | 'chinese', string>;

const whole = new Intl.NumberFormat('en');
const perUnit = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** What a unit of a text takes in each encoding, and how many units 1,000 tokens are, as the guide writes it. */
function measured(text: string, units: number): readonly (readonly string[])[] {
  const tokens = encodings.map((encoding) => {
    const path = createRequire(import.meta.url).resolve(`tiktoken/encoders/${encoding}.json`);
    return new TokenCounter(encoding, JSON.parse(readFileSync(path, 'utf8')) as RankFile).count(text);
  });
  return [
    tokens.map((count) => perUnit.format(count / units)),
    tokens.map((count) => whole.format(Math.round((1_000 * units) / count))),
  ];
}

const rowsOf = (page: string): readonly (readonly string[])[] =>
  page.split('\n').flatMap((line) =>
    line.startsWith('|')
      ? [
          line
            .split('|')
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ]
      : [],
  );

describe('the rules of thumb in the guide', () => {
  const figuresOf = (name: string) =>
    rowsOf(read('guides/count-tokens.md'))
      .find(([first]) => first === name)
      ?.slice(2);

  it('stand beside what our counter measures on the committed passages', () => {
    const [eachWord, words] = measured(english, english.split(' ').length);
    const [eachCharacter, characters] = measured(chinese, chinese.length);
    expect([
      figuresOf('tokens for an English word'),
      figuresOf('English words in 1,000 tokens'),
      figuresOf('tokens for a Chinese character'),
      figuresOf('Chinese characters in 1,000 tokens'),
    ]).toEqual([eachWord, words, eachCharacter, characters]);
  });
});
