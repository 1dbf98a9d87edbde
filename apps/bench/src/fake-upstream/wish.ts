/** What a request wants of the fake provider. */
export interface Wish {
  /** How long it thinks before the first byte. */
  readonly delayMs: number;
  /** How many chunks a stream has, and how far they are apart. */
  readonly chunks: number;
  readonly gapMs: number;
}

/** The wish as the words of a message. */
export const wordsOf = ({ delayMs, chunks, gapMs }: Wish): string =>
  `delay=${String(delayMs)} chunks=${String(chunks)} gap=${String(gapMs)}`;

/** The wish in a request's text; what it does not say is at once. */
export function wishIn(text: string): Wish {
  const [, delay = '0', chunks = '20', gap = '0'] = /delay=(\d+) chunks=(\d+) gap=(\d+)/.exec(text) ?? [];
  return { delayMs: Number(delay), chunks: Number(chunks), gapMs: Number(gap) };
}
