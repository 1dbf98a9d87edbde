/** The ranks of an encoding as the package `tiktoken` ships them: lines of an offset and base64 tokens in order. */
export interface RankFile {
  readonly bpe_ranks: string;
}

const { imul } = Math;

/** The table of hashes has 2¹⁹ places, at least twice as many as any encoding has tokens. */
const placeBits = 19;
const multiplier = 0x01000193;

/**
 * The tokens of an encoding and the rank of each, which is its number and the order in which pairs are merged.
 * A token is kept as a text of its bytes, one character a byte.
 */
export class Ranks {
  /** No token of this encoding has more bytes. */
  readonly bytesMax: number;
  private readonly rankOf: ReadonlyMap<string, number>;
  private readonly tokens: readonly string[];
  private readonly byteRanks = new Int32Array(256);
  // The hash of two tokens together follows from their own, so a pair that makes no token is known without making its text.
  private readonly hashes: Int32Array;
  private readonly powers: Int32Array;
  /** The rank, plus one, of the token at each place of the table of hashes. */
  private readonly places = new Int32Array(1 << placeBits);

  constructor(file: RankFile) {
    this.tokens = tokensOf(file);
    this.rankOf = new Map(this.tokens.map((bytes, rank) => [bytes, rank]));
    this.bytesMax = this.tokens.reduce((most, { length }) => (length > most ? length : most), 0);
    this.powers = powersUpTo(this.bytesMax);
    this.hashes = Int32Array.from(this.tokens, hashOf);
    for (let byte = 0; byte < 256; byte += 1) this.byteRanks[byte] = this.ofBytes(String.fromCharCode(byte));
    for (let rank = 0; rank < this.tokens.length; rank += 1) this.settle(rank);
  }

  /** The rank of a token by its bytes, or −1 where there is no such token. */
  ofBytes(bytes: string): number {
    return this.rankOf.get(bytes) ?? -1;
  }

  /** The rank of a single byte. */
  ofByte(byte: number): number {
    return this.byteRanks[byte] as number;
  }

  /** The rank of the token that two tokens make together, or −1 where they make none. */
  ofPair(left: number, right: number): number {
    const { length } = this.tokens[right] as string;
    const hash =
      (imul(this.hashes[left] as number, this.powers[length] as number) + (this.hashes[right] as number)) | 0;
    for (let place = placeOf(hash); ; place = after(place)) {
      const rank = (this.places[place] as number) - 1;
      if (rank === -1) return -1;
      if (this.hashes[rank] === hash && this.isPair(rank, left, right)) return rank;
    }
  }

  private isPair(rank: number, left: number, right: number): boolean {
    const whole = this.tokens[rank] as string;
    const start = this.tokens[left] as string;
    const end = this.tokens[right] as string;
    return whole.length === start.length + end.length && whole.startsWith(start) && whole.endsWith(end);
  }

  private settle(rank: number): void {
    let place = placeOf(this.hashes[rank] as number);
    while (this.places[place] !== 0) place = after(place);
    this.places[place] = rank + 1;
  }
}

function tokensOf(file: RankFile): string[] {
  const tokens: string[] = [];
  for (const line of file.bpe_ranks.split('\n')) {
    const [, offset, ...encoded] = line.split(' ');
    encoded.forEach((base64, index) => {
      tokens[Number(offset) + index] = atob(base64);
    });
  }
  return tokens;
}

/** A polynomial of the bytes, modulo 2³². */
function hashOf(bytes: string): number {
  let hash = 0;
  for (let at = 0; at < bytes.length; at += 1) hash = (imul(hash, multiplier) + bytes.charCodeAt(at) + 1) | 0;
  return hash;
}

function powersUpTo(exponentMax: number): Int32Array {
  const powers = new Int32Array(exponentMax + 1).fill(1);
  for (let exponent = 1; exponent <= exponentMax; exponent += 1) {
    powers[exponent] = imul(powers[exponent - 1] as number, multiplier);
  }
  return powers;
}

function placeOf(hash: number): number {
  return imul(hash, 0x9e3779b1) >>> (32 - placeBits);
}

function after(place: number): number {
  return (place + 1) & ((1 << placeBits) - 1);
}
