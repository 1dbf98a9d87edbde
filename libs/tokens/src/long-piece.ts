import { MinHeap } from './min-heap.ts';
import type { Ranks } from './ranks.ts';

/** No piece is longer, in bytes: a rank and a place fit into one exact number together. */
export const pieceBytesMax = 2 ** 26;

const none = -1;
const { floor } = Math;

/** A long piece while its pairs are merged: a list of tokens with holes, and a heap of the pairs that may be merged. */
export class LongPiece {
  private readonly ranks: Ranks;
  private readonly tokens: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  /** The rank of the pair that begins at a place, or −1 where none does. */
  private readonly pairs: Int32Array;
  private readonly heap: MinHeap;

  constructor(bytes: string, ranks: Ranks) {
    const { length } = bytes;
    this.ranks = ranks;
    this.tokens = new Int32Array(length);
    this.next = new Int32Array(length);
    this.previous = new Int32Array(length);
    this.pairs = new Int32Array(length);
    // Each merge takes a pair away and may bring two.
    this.heap = new MinHeap(3 * length);
    for (let at = 0; at < length; at += 1) {
      this.tokens[at] = ranks.ofByte(bytes.charCodeAt(at));
      this.next[at] = at + 1;
      this.previous[at] = at - 1;
    }
    for (let at = 0; at < length; at += 1) this.renew(at);
  }

  /** The ranks of the tokens once nothing is left to merge. */
  merge(): number[] {
    for (let key = this.heap.pop(); key !== undefined; key = this.heap.pop()) {
      const rank = floor(key / pieceBytesMax);
      const at = key - rank * pieceBytesMax;
      // The heap still knows pairs that a merge beside them has undone.
      if (this.pairs[at] === rank) this.join(at, rank);
    }
    return this.left();
  }

  private join(at: number, rank: number): void {
    const right = this.next[at] as number;
    const next = this.next[right] as number;
    this.pairs[right] = none;
    this.tokens[at] = rank;
    this.next[at] = next;
    if (next < this.tokens.length) this.previous[next] = at;
    this.renew(at);
    const before = this.previous[at] as number;
    if (before !== none) this.renew(before);
  }

  private renew(at: number): void {
    this.pairs[at] = this.pairAt(at);
    this.offer(at);
  }

  private pairAt(at: number): number {
    const right = this.next[at] as number;
    if (right >= this.tokens.length) return none;
    return this.ranks.ofPair(this.tokens[at] as number, this.tokens[right] as number);
  }

  private offer(at: number): void {
    const rank = this.pairs[at] as number;
    if (rank !== none) this.heap.push(rank * pieceBytesMax + at);
  }

  private left(): number[] {
    const found: number[] = [];
    for (let at = 0; at < this.tokens.length; at = this.next[at] as number)
      found.push(this.tokens[at] as number);
    return found;
  }
}
