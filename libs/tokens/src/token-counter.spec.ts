import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Tiktoken } from 'tiktoken';
import type { RankFile } from './ranks.ts';
import { encodings, TokenCounter } from './token-counter.ts';

interface EncoderFile extends RankFile {
  readonly special_tokens: Record<string, number>;
  readonly pat_str: string;
}

/** Ours and OpenAI's own counter, compiled to WebAssembly, side by side. */
const pairs = encodings.map((encoding) => {
  const path = createRequire(import.meta.url).resolve(`tiktoken/encoders/${encoding}.json`);
  const file = JSON.parse(readFileSync(path, 'utf8')) as EncoderFile;
  const reference = new Tiktoken(file.bpe_ranks, file.special_tokens, file.pat_str);
  return { encoding, ours: new TokenCounter(encoding, file), reference };
});

/** Both encodings must give the same tokens, by number. */
function expectSame(text: string): void {
  for (const { encoding, ours, reference } of pairs) {
    const expected = Array.from(reference.encode_ordinary(text));
    expect([encoding, text, ours.encode(text)]).toEqual([encoding, text, expected]);
    expect(ours.count(text)).toBe(expected.length);
  }
}

const root = join(import.meta.dirname, '../../..');
const whole = join(root, '../shared/data/token-counts.json');
const isWhole = existsSync(whole);
const path = isWhole ? whole : join(root, 'docs/samples/token-counts.json');
const frozen = JSON.parse(readFileSync(path, 'utf8')) as readonly {
  text: string;
  o200k: number;
  cl100k: number;
}[];

const alphabet = 'abcdefghijklmnopqrstuvwxyz';

describe('TokenCounter', () => {
  it(`counts what OpenAI's tiktoken 0.14 counts on ${isWhole ? 'all 2,500 strings' : 'the sample of 100 in docs/samples'}`, () => {
    const [o200k, cl100k] = pairs.map(({ ours }) => ours);
    const wrong = frozen.filter(
      (row) => o200k?.count(row.text) !== row.o200k || cl100k?.count(row.text) !== row.cl100k,
    );
    expect(wrong).toEqual([]);
    expect(frozen.length).toBe(isWhole ? 2500 : 100);
  });

  it.each([
    ['nothing', ''],
    ['a byte order mark before a file', '\ufeffhello'],
    ['ten byte order marks', '\ufeff'.repeat(10)],
    ['next line, which is a space', 'a\u0085b \u0085\u0085 c'],
    ['a lone high surrogate', 'a\ud800b'],
    ['a lone low surrogate at the end', 'ab\udc00'],
    ['surrogates the wrong way round', '\udc00\ud800'],
    ['a long s in a contraction', "he'ſ it'S x'ſy"],
    ['contractions in all cases', "I'LL we've YOU'RE can't he'D x'Re'vE''s"],
    ['a family joined by ZWJ', '👩‍👩‍👧‍👦 👩🏽‍🚀🇨🇳🇨'],
    ['Windows line ends', 'a\r\nb\r\n\r\n  c\r\r\n\n d'],
    ['spaces of every kind', ' \u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u180e\u200b x'],
    ['slashes after symbols', 'https://a.b//c/\n//\n/ !/\r\n/x'],
    ['capitals inside words', 'getHTTPResponseCode XMLHttpRequest ǅabc ǅABC iPhone'],
    ['marks that stand alone', '\u0301 \u0301A \u0301\u0301a ABC\u0301D !\u0301!'],
    ['digits of other scripts', '٣٤٥٦ 一二三 ½¼ 12345678'],
    ['Chinese and English', '你好，world！今天天气 very 好。'],
    ['null and control characters', '\u0000\u0001\u001c\u001f\u007f'],
    ['letters of Unicode 17, which the reference does not know', '\u{323b0}a \u{10940}B \ua7ceC'],
    ['what looks like special tokens', '<|endoftext|><|im_start|>user<|fim_prefix|>'],
    ['an endless word, merged by the heap', 'ab'.repeat(300) + 'A'.repeat(200) + '好'.repeat(100)],
    ['endless spaces', ' '.repeat(500) + 'x' + '\t'.repeat(100) + '\n'.repeat(200)],
  ])('gives the tokens of the reference for %s', (_, text) => {
    expectSame(text);
  });

  it('takes special tokens for ordinary text: seven tokens, no error', () => {
    for (const { ours } of pairs) expect(ours.count('<|endoftext|>')).toBe(7);
  });

  it('counts a byte order mark as the reference does, where other counters strip it', () => {
    for (const { ours } of pairs) expect(ours.count('\ufeffhello')).toBe(2);
  });

  it('gives the tokens of the reference for random texts', () => {
    const spice = fc.constantFrom(
      ...[
        ' ',
        '  ',
        '\n',
        '\r\n',
        "'s",
        "'LL",
        'ſ',
        '\u0085',
        '\ufeff',
        '\u200d',
        '/',
        '1',
        'A',
        'é',
        '好',
        '👩',
        '\u0301',
      ],
    );
    const text = fc
      .array(fc.oneof(spice, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })))
      .map((parts) => parts.join(''));
    fc.assert(fc.property(text, expectSame), { numRuns: 400 });
  });

  it('gives the tokens of the reference for random words around the length where the heap takes over', () => {
    const letters = fc.array(fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyzeeetttaaaoo')), {
      minLength: 40,
      maxLength: 200,
    });
    fc.assert(
      fc.property(letters, (word) => {
        expectSame(word.join(''));
      }),
      { numRuns: 200 },
    );
  });

  it('counts on when it has met more different pieces than it keeps', () => {
    const letters = (index: number) =>
      Array.from(index.toString(26), (digit) => alphabet[parseInt(digit, 26)]).join('');
    const words = Array.from({ length: 70_000 }, (_, index) => `q${letters(index)}`).join(' ');
    for (const { ours, reference } of pairs)
      expect(ours.count(words)).toBe(reference.encode_ordinary(words).length);
  });

  it('is as exact on a long run as on a short one', () => {
    for (const character of ['a', ' ', '中', '=']) expectSame(character.repeat(4000) + 'b');
  });
});
