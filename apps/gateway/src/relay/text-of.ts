import type { UpstreamBody } from '../upstreams/upstream.ts';

/** A text that has arrived whole. */
export interface WholeText {
  readonly text: string;
}

/** Reads a body to its end. Throws a RangeError where it is longer than allowed. */
export async function textOf(body: UpstreamBody, bytesMax: number): Promise<WholeText> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  await body.each((piece) => {
    bytes += piece.length;
    if (bytes > bytesMax) throw new RangeError(`a body of more than ${String(bytesMax)} bytes`);
    pieces.push(piece);
    return undefined;
  });
  return { text: Buffer.concat(pieces).toString('utf8') };
}
