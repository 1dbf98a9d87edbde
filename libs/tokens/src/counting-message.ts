import type { Encoding } from './token-counter.ts';

/** What the worker is asked: the tokens of each text in an encoding. */
export interface CountingRequest {
  readonly id: number;
  readonly encoding: Encoding;
  readonly texts: readonly string[];
}

/** What the worker answers, in the order of the texts; or why it could not. */
export type CountingAnswer =
  | { readonly id: number; readonly counts: readonly number[] }
  | { readonly id: number; readonly failure: string };
