const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** A stream's event is longer than any honest one. */
export class EventTooLong extends Error {
  override readonly name = 'EventTooLong';
}

/**
 * Cuts a stream of server-sent events into blocks, one event each, without changing a byte:
 * the blocks in order are the stream. Lines may end in LF, CR LF or CR, and pieces may be cut anywhere, even inside a character.
 */
export class EventBlocks {
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  /** The line that is being read has no byte yet. */
  private lineIsEmpty = true;
  /** The last byte was a CR: an LF right behind it belongs to the same line end. */
  private afterReturn = false;

  constructor(private readonly bytesMax: number) {}

  /** Takes the next piece and gives the blocks that it completes. */
  push(piece: Buffer): Buffer[] {
    const blocks: Buffer[] = [];
    let start = 0;
    for (let at = 0; at < piece.length; at += 1) {
      if (!this.endsBlock(piece[at])) continue;
      // Where the block ends in CR LF, the LF goes with it, if it has already come.
      const end = piece[at] === carriageReturn && piece[at + 1] === lineFeed ? at + 2 : at + 1;
      blocks.push(this.complete(piece.subarray(start, end)));
      this.afterReturn = end === at + 1 && piece[at] === carriageReturn;
      start = end;
      at = end - 1;
    }
    this.keep(piece.subarray(start));
    return blocks;
  }

  /** What came after the last complete block: an event without its blank line, or nothing. */
  rest(): Buffer {
    return this.complete(Buffer.alloc(0));
  }

  /** True where this byte ends an empty line, and with it the block. */
  private endsBlock(byte: number | undefined): boolean {
    if (byte === lineFeed && this.afterReturn) {
      this.afterReturn = false;
      return false;
    }
    this.afterReturn = byte === carriageReturn;
    if (byte !== lineFeed && byte !== carriageReturn) {
      this.lineIsEmpty = false;
      return false;
    }
    const blank = this.lineIsEmpty;
    this.lineIsEmpty = true;
    return blank;
  }

  private complete(last: Buffer): Buffer {
    const block = this.pending.length === 0 ? last : Buffer.concat([...this.pending, last]);
    this.pending = [];
    this.pendingBytes = 0;
    return block;
  }

  private keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.pendingBytes += piece.length;
    if (this.pendingBytes > this.bytesMax)
      throw new EventTooLong(`an event of more than ${String(this.bytesMax)} bytes`);
    this.pending.push(piece);
  }
}
