import { existsSync, globSync, readFileSync } from 'node:fs';
import { chinese } from './passages.ts';

const charactersMax = 2_000_000;

/** A text to count, in messages as long as a long question. */
export interface Sample {
  readonly name: string;
  readonly messages: readonly string[];
  readonly megabytes: number;
}

/**
 * Real texts of this machine: this project's own sources, the pages of the installed packages, and Chinese prose. The
 * first of them also warms the counter's code up, as any service is after its first requests.
 */
export function ordinaryTexts(): readonly Sample[] {
  return [
    sample('code: sources of this project', textOf('{apps,libs}/**/*.ts')),
    sample('English: pages of the installed packages', textOf('node_modules/**/README.md')),
    sample('Chinese: one passage again and again', chinese.repeat(1500)),
  ];
}

/** A megabyte of what other counters take quadratic time for. */
export function hostileTexts(): readonly (readonly [name: string, text: string])[] {
  const megabyte = 1_000_000;
  const of = (character: string) => character.repeat(megabyte / Buffer.byteLength(character));
  return [
    ['one letter', of('a')],
    ['one capital', of('A')],
    ['spaces', of(' ')],
    ['newlines', of('\n')],
    ['one symbol', of('=')],
    ['one Chinese character', of('中').slice(0, megabyte / 3)],
    ['one emoji', of('😀')],
    ['random letters without a space', randomLetters(megabyte)],
    ['random characters', randomCharacters(megabyte / 3)],
  ];
}

function textOf(pattern: string): string {
  let text = '';
  for (const path of globSync(pattern).sort()) {
    if (text.length >= charactersMax) break;
    if (existsSync(path)) text += readFileSync(path, 'utf8');
  }
  return text.slice(0, charactersMax);
}

function sample(name: string, text: string): Sample {
  const messages = text.match(/[^]{1,4000}/gu) ?? [];
  return { name, messages, megabytes: Buffer.byteLength(text) / 1e6 };
}

function randomLetters(length: number): string {
  return Array.from({ length }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join('');
}

function randomCharacters(length: number): string {
  return Array.from({ length }, () => String.fromCharCode(0x800 + Math.floor(Math.random() * 0x9000))).join(
    '',
  );
}
