/**
 * What a character is to the patterns that cut a text into pieces. A letter is `letter` and one or both of `upper` and
 * `lower`; a combining mark is both of these and a symbol. The end of a text is none of them.
 */
export const kind = {
  /** Upper-case and title-case letters, letters without case, marks. */
  upper: 1,
  /** Lower-case letters, letters without case, marks. */
  lower: 2,
  letter: 4,
  number: 8,
  space: 16,
  /** Carriage return and line feed, which are spaces too. */
  newline: 32,
  /** All that is neither letter nor number nor space. */
  symbol: 64,
} as const;

const codePoints = 0x110000;

// Filled as characters are met: a text uses few of them, and asking Unicode for all would delay the start.
const known = new Uint8Array(codePoints);

/** The kinds of the character at a place, or 0 at the end of the text. Half a surrogate pair alone is a symbol. */
export function kindsAt(text: string, at: number): number {
  if (at >= text.length) return 0;
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdbff) return known[unit] || learn(unit);
  const point = text.codePointAt(at) ?? unit;
  return known[point] || learn(point);
}

/** The place after the character at a place. */
export function after(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdbff) return at + 1;
  const next = text.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff ? at + 2 : at + 1;
}

/** The place after the last character of a kind, from a place on. */
export function runEnd(text: string, at: number, wanted: number): number {
  let end = at;
  while ((kindsAt(text, end) & wanted) !== 0) end = after(text, end);
  return end;
}

function learn(point: number): number {
  const kinds = kindsOf(point);
  known[point] = kinds;
  return kinds;
}

const { upper, lower, letter, number, space, newline, symbol } = kind;

function kindsOf(point: number): number {
  if (point === 0x0a || point === 0x0d) return space | newline;
  const character = String.fromCodePoint(point);
  if (whiteSpace.test(character)) return space;
  if (isNewerThanReference(point)) return symbol;
  const found = categories.find(([pattern]) => pattern.test(character));
  return found?.[1] ?? symbol;
}

// The White_Space property of Unicode. JavaScript's own \s has U+FEFF, which is none, and lacks U+0085.
const whiteSpace = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/u;

const categories: readonly (readonly [RegExp, number])[] = [
  [/\p{Ll}/u, letter | lower],
  [/[\p{Lu}\p{Lt}]/u, letter | upper],
  [/[\p{Lo}\p{Lm}]/u, letter | upper | lower],
  [/\p{N}/u, number],
  [/\p{M}/u, upper | lower | symbol],
];

// OpenAI's tables are those of Unicode 16. What Unicode 17 added they do not know, so to them it is no letter.
const addedByUnicode17: readonly (readonly [first: number, last: number])[] = [
  [0x88f, 0x88f],
  [0xc5c, 0xc5c],
  [0xcdc, 0xcdc],
  [0x1acf, 0x1add],
  [0x1ae0, 0x1aeb],
  [0xa7ce, 0xa7cf],
  [0xa7d2, 0xa7d2],
  [0xa7d4, 0xa7d4],
  [0xa7f1, 0xa7f1],
  [0x10940, 0x10959],
  [0x10ec5, 0x10ec7],
  [0x10efa, 0x10efb],
  [0x11b60, 0x11b67],
  [0x11db0, 0x11ddb],
  [0x11de0, 0x11de9],
  [0x16ea0, 0x16eb8],
  [0x16ebb, 0x16ed3],
  [0x16ff2, 0x16ff6],
  [0x187f8, 0x187ff],
  [0x18d09, 0x18d1e],
  [0x18d80, 0x18df2],
  [0x1e6c0, 0x1e6de],
  [0x1e6e0, 0x1e6f5],
  [0x1e6fe, 0x1e6ff],
  [0x2b73a, 0x2b73f],
  [0x2cea2, 0x2cead],
  [0x323b0, 0x33479],
];

function isNewerThanReference(point: number): boolean {
  return addedByUnicode17.some(([first, last]) => first <= point && point <= last);
}
