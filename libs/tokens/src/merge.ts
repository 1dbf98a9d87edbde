import { LongPiece } from './long-piece.ts';
import type { Ranks } from './ranks.ts';

/** Pieces of more bytes are merged by way of a heap: scanning them for every merge would take quadratic time. */
const scannedBytesMax = 64;

/**
 * Merges the bytes of a piece, one character a byte, as byte pair encoding does: always the pair of the lowest rank, the
 * leftmost of these, until no pair makes a token. Gives the ranks of the tokens. Takes n log n time for n bytes,
 * whatever they are.
 */
export function merge(bytes: string, ranks: Ranks): readonly number[] {
  return bytes.length <= scannedBytesMax
    ? mergeByScanning(bytes, ranks)
    : new LongPiece(bytes, ranks).merge();
}

function mergeByScanning(bytes: string, ranks: Ranks): number[] {
  const tokens = Array.from(bytes, (byte) => ranks.ofByte(byte.charCodeAt(0)));
  const pairs = tokens.map((_, index) => pairAt(tokens, index, ranks));
  for (;;) {
    const at = lowest(pairs);
    const merged = pairs[at] ?? -1;
    if (merged < 0) return tokens;
    tokens.splice(at, 2, merged);
    pairs.splice(at, 1);
    pairs[at] = pairAt(tokens, at, ranks);
    if (at > 0) pairs[at - 1] = pairAt(tokens, at - 1, ranks);
  }
}

/** The rank of the pair that begins at a place, or −1 where none does. */
function pairAt(tokens: readonly number[], at: number, ranks: Ranks): number {
  const left = tokens[at];
  const right = tokens[at + 1];
  return left === undefined || right === undefined ? -1 : ranks.ofPair(left, right);
}

/** Where the lowest rank is, the leftmost of these; −1 where there is none. */
function lowest(pairs: readonly number[]): number {
  let at = -1;
  let rank = Infinity;
  for (let index = 0; index < pairs.length; index += 1) {
    const pair = pairs[index] ?? -1;
    if (pair >= 0 && pair < rank) {
      rank = pair;
      at = index;
    }
  }
  return at;
}
