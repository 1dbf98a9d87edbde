import { describe, expect, it } from '@jest/globals';
import { estimateTokens } from './estimate.ts';
import { encodingOf } from './model-encoding.ts';

describe('encodingOf', () => {
  it.each([
    ...[
      'gpt-5',
      'gpt-5.4-mini',
      'gpt-4.5-preview',
      'gpt-4.1-nano',
      'gpt-4o',
      'gpt-4o-mini-2024-07-18',
      'chatgpt-4o-latest',
    ],
    ...[
      'o1',
      'o1-preview',
      'o3',
      'o3-mini',
      'o4-mini',
      'o4-mini-2025-04-16',
      'gpt-oss-120b',
      'openai/gpt-4o',
      'GPT-4o',
    ],
  ])('counts %s exactly in o200k_base', (model) => {
    expect(encodingOf(model)).toEqual({ encoding: 'o200k_base', estimated: false, family: 'openai' });
  });

  it.each([
    ...['gpt-4', 'gpt-4-0613', 'gpt-4-turbo', 'gpt-4-32k', 'gpt-3.5-turbo', 'gpt-3.5', 'gpt-35-turbo'],
    ...['text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'],
  ])('counts %s exactly in cl100k_base', (model) => {
    expect(encodingOf(model)).toEqual({ encoding: 'cl100k_base', estimated: false, family: 'openai' });
  });

  it.each([
    ['gpt-6-astra', 'openai'],
    ['gpt-10', 'openai'],
    ['claude-3-5-sonnet-20241022', 'claude'],
    ['claude-haiku-4-5', 'claude'],
    ['claude-opus-4-5', 'claude'],
    ['claude-opus-4-7', 'claude-2026'],
    ['claude-sonnet-5', 'claude-2026'],
    ['claude-opus-5-5', 'claude-2026'],
    ['anthropic/claude-fable-5', 'claude-2026'],
    ['deepseek-v4-flash', 'deepseek'],
    ['gemini-3.5-flash', 'other'],
    ['gpt-4x', 'other'],
    ['o17', 'other'],
    ['', 'other'],
  ])('only estimates %s, as %s', (model, family) => {
    expect(encodingOf(model)).toEqual({ encoding: 'o200k_base', estimated: true, family });
  });
});

describe('estimateTokens', () => {
  it.each([
    ['openai', 100, 'hello world', 100],
    ['claude', 100, 'hello world', 110],
    ['claude', 100, '今天天气', 123],
    ['claude-2026', 100, 'hello world', 143],
    ['deepseek', 100, 'hello world', 105],
    ['deepseek', 100, '今天天气', 89],
    ['deepseek', 100, '今天ab', 97],
    ['other', 1, 'a', 2],
    ['other', 0, '', 0],
  ] as const)('%s: %i counted tokens of %j are about %i', (family, counted, text, expected) => {
    expect(estimateTokens(family, counted, text)).toBe(expected);
  });
});
