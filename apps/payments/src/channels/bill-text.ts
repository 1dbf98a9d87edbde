import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { UnreadableBill } from './daily-bill.ts';

const lineCharactersMax = 100_000;

/** The lines of a text file without their ends, some at a time: no file is ever held as a whole. */
export async function* linesOf(file: string, encoding: 'utf-8' | 'gb18030'): AsyncGenerator<string> {
  let rest = '';
  for await (const text of decoded(createReadStream(file, { highWaterMark: 1 << 18 }), encoding)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineCharactersMax) throw new UnreadableBill('A line has no end.');
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (rest !== '') yield rest;
}

async function* decoded(bytes: Readable, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new UnreadableBill(`It is not written in ${encoding}.`);
    throw error;
  }
}

/** Where the named columns stand; a bill without one of them cannot be read. */
export function columnsOf<Name extends string>(
  header: readonly string[],
  names: Readonly<Record<Name, string>>,
): Readonly<Record<Name, number>> {
  const found = Object.entries<string>(names).map(([key, name]) => {
    const at = header.indexOf(name);
    if (at === -1) throw new UnreadableBill(`It has no column ${name}.`);
    return [key, at] as const;
  });
  return Object.fromEntries(found) as Record<Name, number>;
}
