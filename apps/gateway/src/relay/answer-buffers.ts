import type { UpstreamBody } from '../upstreams/upstream.ts';
import { textOf, type WholeText } from './text-of.ts';

/** All answers in memory at once are as much as they may be; the next one is not read. */
export class BuffersFull extends Error {
  override readonly name = 'BuffersFull';
}

/** The memory that whole answers take while they arrive: bounded for the process, not only for each. */
export class AnswerBuffers {
  private bytes = 0;

  /** `bytesMax` for all answers together. */
  constructor(private readonly bytesMax: number) {}

  /** Reads a body to its end. Throws a RangeError where it is longer than allowed, BuffersFull where all together are. */
  async text(body: UpstreamBody, bytesMax: number): Promise<WholeText> {
    const taken = { bytes: 0 };
    try {
      return await textOf(this.counted(body, taken), bytesMax);
    } finally {
      this.bytes -= taken.bytes;
    }
  }

  private counted(body: UpstreamBody, taken: { bytes: number }): UpstreamBody {
    return {
      each: (take) =>
        body.each((piece) => {
          taken.bytes += piece.length;
          this.bytes += piece.length;
          if (this.bytes > this.bytesMax)
            throw new BuffersFull(`answers of more than ${String(this.bytesMax)} bytes in memory`);
          return take(piece);
        }),
    };
  }
}
