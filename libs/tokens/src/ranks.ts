/** The ranks of an encoding as the package `tiktoken` ships them: lines of an offset and base64 tokens in order. */
export interface RankFile {
  readonly bpe_ranks: string;
}

const cacheBits = 17;
const { imul } = Math;

/**
 * The tokens of an encoding and the rank of each, which is its number and the order in which pairs are merged.
 * A token is kept as a text of its bytes, one character a byte.
 */
export class Ranks {
  /** No token of this encoding has more bytes. */
  readonly bytesMax: number;
  private readonly rankOf = new Map<string, number>();
  private readonly tokens: string[] = [];
  private readonly byteRanks = new Int32Array(256);
  // The pairs asked for last, each at the one place its numbers lead to: a long text asks for the same ones again.
  private readonly cachedLeft = new Int32Array(1 << cacheBits).fill(-1);
  private readonly cachedRight = new Int32Array(1 << cacheBits);
  private readonly cachedRank = new Int32Array(1 << cacheBits);

  constructor(file: RankFile) {
    let bytesMax = 0;
    for (const line of file.bpe_ranks.split('\n')) {
      const [, offset, ...tokens] = line.split(' ');
      tokens.forEach((base64, index) => {
        const bytes = atob(base64);
        this.rankOf.set(bytes, Number(offset) + index);
        this.tokens[Number(offset) + index] = bytes;
        bytesMax = Math.max(bytesMax, bytes.length);
      });
    }
    this.bytesMax = bytesMax;
    for (let byte = 0; byte < 256; byte += 1) this.byteRanks[byte] = this.ofBytes(String.fromCharCode(byte));
  }

  /** The rank of a token by its bytes, or −1 where there is no such token. */
  ofBytes(bytes: string): number {
    return this.rankOf.get(bytes) ?? -1;
  }

  /** The rank of a single byte. */
  ofByte(byte: number): number {
    return this.byteRanks[byte] ?? -1;
  }

  /** The rank of the token that two tokens make together, or −1 where they make none. */
  ofPair(left: number, right: number): number {
    const place = (imul(left, 0x9e3779b1) ^ imul(right, 0x85ebca6b)) >>> (32 - cacheBits);
    if (this.cachedLeft[place] === left && this.cachedRight[place] === right)
      return this.cachedRank[place] ?? -1;
    const rank = this.ofBytes((this.tokens[left] ?? '') + (this.tokens[right] ?? ''));
    this.cachedLeft[place] = left;
    this.cachedRight[place] = right;
    this.cachedRank[place] = rank;
    return rank;
  }
}
