import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { type ChatMessage, countFunctions, countMessages } from './chat-tokens.ts';
import type { RankFile } from './ranks.ts';
import { type Encoding, encodings, TokenCounter } from './token-counter.ts';

const counters = Object.fromEntries(
  encodings.map((encoding) => {
    const path = createRequire(import.meta.url).resolve(`tiktoken/encoders/${encoding}.json`);
    return [encoding, new TokenCounter(encoding, JSON.parse(readFileSync(path, 'utf8')) as RankFile)];
  }),
) as Readonly<Record<Encoding, TokenCounter>>;

const by = (encoding: Encoding) => (text: string) => counters[encoding].count(text);
const characters = (text: string) => text.length;

/** The messages of OpenAI's published example, whose counts were checked against the API. */
const jargon: readonly ChatMessage[] = [
  {
    role: 'system',
    content:
      'You are a helpful, pattern-following assistant that translates corporate jargon into plain English.',
  },
  { role: 'system', name: 'example_user', content: 'New synergies will help drive top-line growth.' },
  {
    role: 'system',
    name: 'example_assistant',
    content: 'Things working well together will increase revenue.',
  },
  {
    role: 'system',
    name: 'example_user',
    content:
      "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
  },
  {
    role: 'system',
    name: 'example_assistant',
    content: "Let's talk later when we're less busy about how to do better.",
  },
  {
    role: 'user',
    content: "This late pivot means we don't have time to boil the ocean for the client deliverable.",
  },
];

const weather: readonly ChatMessage[] = [
  { role: 'system', content: 'You are a helpful assistant that can answer to questions about the weather.' },
  { role: 'user', content: "What's the weather like in San Francisco?" },
];

const currentWeather = {
  name: 'get_current_weather',
  description: 'Get the current weather in a given location',
  parameters: {
    type: 'object',
    properties: {
      location: { type: 'string', description: 'The city and state, e.g. San Francisco, CA' },
      unit: {
        type: 'string',
        description: 'The unit of temperature to return',
        enum: ['celsius', 'fahrenheit'],
      },
    },
    required: ['location'],
  },
};

describe('countMessages', () => {
  it.each([
    ['cl100k_base', 129],
    ['o200k_base', 124],
  ] as const)("gives the published count of OpenAI's example in %s: %i", (encoding, tokens) => {
    expect(countMessages(jargon, by(encoding))).toEqual({ tokens, estimated: false });
  });

  it('adds up the texts of a message in parts', () => {
    const content = [
      { type: 'text', text: 'ab' },
      { type: 'refusal', refusal: 'c' },
    ];
    expect(countMessages([{ role: 'user', content }], characters)).toEqual({
      tokens: 3 + 3 + 4 + 3,
      estimated: false,
    });
  });

  it.each([
    ['an image', { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }],
    ['what is no part', { role: 'user', content: ['text'] }],
    ['what is no content', { role: 'user', content: 5 }],
    ['tool calls', { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f' } }] }],
  ])('says that %s is only estimated', (_, message) => {
    expect(countMessages([message], characters).estimated).toBe(true);
  });

  it('counts a reply to no message', () => {
    expect(countMessages([], characters)).toEqual({ tokens: 3, estimated: false });
  });
});

describe('countFunctions', () => {
  it.each([
    ['cl100k_base', 105],
    ['o200k_base', 101],
  ] as const)(
    "gives the published count of OpenAI's example with its messages in %s: %i",
    (encoding, tokens) => {
      const messages = countMessages(weather, by(encoding));
      const functions = countFunctions([currentWeather], encoding, by(encoding));
      expect(functions.estimated).toBe(false);
      expect(messages.tokens + functions.tokens).toBe(tokens);
    },
  );

  it('costs nothing without functions, and leaves the last dot of a description out', () => {
    expect(countFunctions([], 'o200k_base', characters)).toEqual({ tokens: 0, estimated: false });
    const plain = (description?: string) =>
      countFunctions([{ name: 'f', description }], 'o200k_base', characters).tokens;
    expect(plain('Does.')).toBe(plain('Does'));
    expect(plain()).toBe(12 + 7 + 2);
    expect(
      countFunctions([{ name: 'f', parameters: { properties: {} } }], 'o200k_base', characters).tokens,
    ).toBe(plain());
  });

  it.each([
    ['nested properties', { type: 'object', properties: { a: {} } }],
    ['items of a list', { type: 'array', items: { type: 'string' } }],
    ['a property without a type', {}],
    ['what is no schema', true],
  ])('says that %s is only estimated', (_, schema) => {
    const counted = countFunctions(
      [{ name: 'f', parameters: { properties: { p: schema } } }],
      'o200k_base',
      characters,
    );
    expect(counted.estimated).toBe(true);
  });
});
