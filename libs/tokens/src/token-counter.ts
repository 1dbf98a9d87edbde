import { merge } from './merge.ts';
import { cl100kPieceEnd, o200kPieceEnd, type PieceEnd } from './pieces.ts';
import { type RankFile, Ranks } from './ranks.ts';

/** The encodings that are counted exactly. `o200k_harmony` has the ranks and the pattern of `o200k_base`. */
export const encodings = ['o200k_base', 'cl100k_base'] as const;
export type Encoding = (typeof encodings)[number];

const pieceEnds: Readonly<Record<Encoding, PieceEnd>> = {
  o200k_base: o200kPieceEnd,
  cl100k_base: cl100kPieceEnd,
};

const keptPieceUnitsMax = 32;
const keptPiecesMax = 65_536;

/**
 * Counts the tokens of texts in one encoding, exactly and in linear time (n log n within one endless word).
 * What looks like a special token is ordinary text: any customer can write `<|endoftext|>`.
 */
export class TokenCounter {
  private readonly pieceEnd: PieceEnd;
  private readonly ranks: Ranks;
  // Short pieces come again and again. Long ones are not kept, so that no text can fill the memory.
  private readonly kept = new Map<string, number>();

  constructor(encoding: Encoding, file: RankFile) {
    this.pieceEnd = pieceEnds[encoding];
    this.ranks = new Ranks(file);
  }

  /** The number of tokens of a text. Half a surrogate pair alone counts as U+FFFD, as it would be sent. */
  count(text: string): number {
    let tokens = 0;
    for (let at = 0; at < text.length;) {
      const end = this.pieceEnd(text, at);
      tokens += this.countOf(text.slice(at, end));
      at = end;
    }
    return tokens;
  }

  /** The tokens of a text by number. */
  encode(text: string): readonly number[] {
    const found: (readonly number[])[] = [];
    for (let at = 0; at < text.length;) {
      const end = this.pieceEnd(text, at);
      found.push(this.tokensOf(text.slice(at, end)));
      at = end;
    }
    return found.flat();
  }

  private countOf(piece: string): number {
    if (piece.length > keptPieceUnitsMax) return this.tokensOf(piece).length;
    const known = this.kept.get(piece);
    if (known !== undefined) return known;
    const { length } = this.tokensOf(piece);
    if (this.kept.size >= keptPiecesMax) this.kept.clear();
    this.kept.set(piece, length);
    return length;
  }

  private tokensOf(piece: string): readonly number[] {
    const bytes = bytesOf(piece);
    const whole = bytes.length <= this.ranks.bytesMax ? this.ranks.ofBytes(bytes) : -1;
    return whole >= 0 ? [whole] : merge(bytes, this.ranks);
  }
}

/** The UTF-8 bytes of a text as a text, one character a byte. */
function bytesOf(text: string): string {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) > 0x7f) return Buffer.from(text, 'utf8').toString('latin1');
  }
  return text;
}
