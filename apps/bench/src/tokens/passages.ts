import { readFileSync } from 'node:fs';

/** A passage of plain prose in each language, for what a word and a character take. */
export interface Passages {
  readonly english: string;
  readonly chinese: string;
}

/** The passages, from `docs/samples`; read where the program is started, in the project's folder. */
export const { english, chinese } = JSON.parse(readFileSync('docs/samples/prose.json', 'utf8')) as Passages;
