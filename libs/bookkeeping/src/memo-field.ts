import { invariant } from '@app/decider';
import { Units18 } from '@app/money';
import { FrameScan } from './canonical-scan.ts';
import { Instant } from './instant.ts';

/** How one value of a memo is written into canonical text and read back. */
export interface MemoField<Value> {
  encode(value: Value): string;
  decode(text: string): Value;
}

/** The value that a field describes. */
export type ValueOf<Field> = Field extends MemoField<infer Value> ? Value : never;

/** Writes a text with its length before it: `5:hello,`. Whatever the text holds, the end is known. */
export function framed(text: string): string {
  return `${text.length}:${text},`;
}

/** Reads the framed texts that a text consists of, to its last character. */
export function unframed(text: string): string[] {
  const parts: string[] = [];
  for (const scan = new FrameScan(text); scan.at < text.length;) {
    scan.next();
    parts.push(scan.content());
  }
  return parts;
}

const special = /[^\x20-\x5b\x5d-\x7e]/;
const eachSpecial = /[^\x20-\x5b\x5d-\x7e]/g;
const eachEscaped = /\\u([0-9a-f]{4})/g;

/**
 * An id, a code, or the text of a reason. Written in printable ASCII, so that characters and bytes count alike: a
 * backslash and every other character stand as `\u` and the four hexadecimal digits of their UTF-16 code unit.
 */
export const id: MemoField<string> = {
  encode: (value) => (special.test(value) ? value.replace(eachSpecial, escaped) : value),
  decode: (text) => text.replace(eachEscaped, (_, code: string) => unescaped(code)),
};

/** One of a closed list of words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): MemoField<Word> {
  return {
    encode: (value) => value,
    decode: (text) => {
      const word = words.find((known) => known === text);
      invariant(word !== undefined, `${text} is not one of ${words.join(', ')}`);
      return word;
    },
  };
}

/** The amount of a charge stands in its posting, its memo and its lots: the text that was written last is kept. */
const written = { amount: Units18.zero, text: '0' };

/** An amount in its one text form. */
export const amount: MemoField<Units18> = {
  encode: (value) => {
    if (value === Units18.zero) return '0';
    if (value !== written.amount) {
      written.text = Units18.toText(value);
      written.amount = value;
    }
    return written.text;
  },
  decode: (text) => Units18.fromText(text),
};

/** An instant in its one text form. */
export const instant: MemoField<Instant> = {
  encode: (value) => Instant.toText(value),
  decode: (text) => Instant.fromText(text),
};

/** A count, such as a number of calls. */
export const count: MemoField<number> = {
  encode: (value) => value.toString(),
  decode: (text) => {
    const value = Number(text);
    invariant(Number.isSafeInteger(value) && value.toString() === text, `${text} is not a count`);
    return value;
  },
};

/** A value, or null. */
export function optional<Value>(field: MemoField<Value>): MemoField<Value | null> {
  return {
    encode: (value) => (value === null ? '' : framed(field.encode(value))),
    decode: (text) => {
      const [present] = unframed(text);
      return present === undefined ? null : field.decode(present);
    },
  };
}

/** Any number of values, in order. */
export function listOf<Value>(field: MemoField<Value>): MemoField<readonly Value[]> {
  return {
    encode: (values) => values.map((value) => framed(field.encode(value))).join(''),
    decode: (text) => unframed(text).map((part) => field.decode(part)),
  };
}

/** Named values in the order in which they are declared; the order is part of the canonical version. */
export function record<Values extends object>(fields: {
  readonly [Name in keyof Values]: MemoField<Values[Name]>;
}): MemoField<Readonly<Values>> {
  const named = Object.entries(fields) as [keyof Values, MemoField<unknown>][];
  return {
    encode: (values) => {
      let text = '';
      for (const [name, field] of named) text += framed(field.encode(values[name]));
      return text;
    },
    decode: (text) => {
      const parts = unframed(text);
      invariant(parts.length === named.length, 'a memo has exactly the fields of its kind');
      const values: Partial<Values> = {};
      for (const [at, [name, field]] of named.entries())
        values[name] = field.decode(parts[at] ?? '') as Values[keyof Values];
      return values as Readonly<Values>;
    },
  };
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function unescaped(code: string): string {
  return String.fromCharCode(Number.parseInt(code, 16));
}
