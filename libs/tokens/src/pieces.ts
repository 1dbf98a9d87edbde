import { after, kind, kindsAt, runEnd } from './character-kinds.ts';

/** Gives the place after the piece that starts at a place; a piece is never empty. */
export type PieceEnd = (text: string, at: number) => number;

const { upper, lower, letter, number, space, newline, symbol } = kind;

/**
 * Cuts as `cl100k_base` does: a contraction; letters with one character before them; up to three digits; symbols with a
 * space before and newlines after; spaces. Every character is looked at a bounded number of times.
 */
export function cl100kPieceEnd(text: string, at: number): number {
  return (
    contractionEnd(text, at) ||
    lettersEnd(text, at) ||
    numberEnd(text, at) ||
    symbolsEnd(text, at, false) ||
    spacesEnd(text, at)
  );
}

/** Cuts as `o200k_base` does: words end where a capital begins a new one, and keep their contraction. */
export function o200kPieceEnd(text: string, at: number): number {
  return (
    wordEnd(text, at, lowerWordEnd) ||
    wordEnd(text, at, upperWordEnd) ||
    numberEnd(text, at) ||
    symbolsEnd(text, at, true) ||
    spacesEnd(text, at)
  );
}

/** The end of what a rule takes, or 0 where it takes nothing; no rule takes nothing at the end of a piece. */
type Rule = (text: string, at: number) => number;

const apostrophe = 0x27;
// The long s is an s to a pattern that ignores case.
const contractions = /'(?:[sSſtTmMdD]|[lL][lL]|[vV][eE]|[rR][eE])/y;

function contractionEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== apostrophe) return 0;
  contractions.lastIndex = at;
  return contractions.test(text) ? contractions.lastIndex : 0;
}

function lettersEnd(text: string, at: number): number {
  const start = mayPrecedeLetters(kindsAt(text, at)) ? after(text, at) : at;
  const end = runEnd(text, start, letter);
  return end > start ? end : 0;
}

/** One character before a word belongs to it, unless it is a newline, a letter or a number. */
function mayPrecedeLetters(kinds: number): boolean {
  return kinds !== 0 && (kinds & (newline | letter | number)) === 0;
}

function wordEnd(text: string, at: number, rule: Rule): number {
  const preceded = mayPrecedeLetters(kindsAt(text, at)) ? rule(text, after(text, at)) : 0;
  const end = preceded || rule(text, at);
  return end === 0 ? 0 : contractionEnd(text, end) || end;
}

/** Capitals, then at least one small letter; a letter without case serves as either. */
function lowerWordEnd(text: string, at: number): number {
  let end = at;
  let lastSmall = 0;
  for (let kinds = kindsAt(text, end); (kinds & upper) !== 0; kinds = kindsAt(text, end)) {
    end = after(text, end);
    if ((kinds & lower) !== 0) lastSmall = end;
  }
  const small = runEnd(text, end, lower);
  return small > end ? small : lastSmall;
}

/** At least one capital, then small letters; those with small letters the rule above has taken. */
function upperWordEnd(text: string, at: number): number {
  const end = runEnd(text, at, upper);
  return end > at ? runEnd(text, end, lower) : 0;
}

function numberEnd(text: string, at: number): number {
  if ((kindsAt(text, at) & number) === 0) return 0;
  let end = at;
  for (let digits = 0; digits < 3 && (kindsAt(text, end) & number) !== 0; digits += 1) end = after(text, end);
  return end;
}

const blank = 0x20;
const slash = 0x2f;

function symbolsEnd(text: string, at: number, takesSlashes: boolean): number {
  const start = text.charCodeAt(at) === blank ? at + 1 : at;
  let end = runEnd(text, start, symbol);
  if (end === start) return 0;
  while ((kindsAt(text, end) & newline) !== 0 || (takesSlashes && text.charCodeAt(end) === slash)) end += 1;
  return end;
}

/** Spaces up to their last newline; else all but the last, which belongs to what follows; else what there is. */
function spacesEnd(text: string, at: number): number {
  let end = at;
  let lastNewline = 0;
  for (let kinds = kindsAt(text, end); (kinds & space) !== 0; kinds = kindsAt(text, end)) {
    end += 1;
    if ((kinds & newline) !== 0) lastNewline = end;
  }
  if (lastNewline > 0) return lastNewline;
  return end === text.length || end === at + 1 ? end : end - 1;
}
