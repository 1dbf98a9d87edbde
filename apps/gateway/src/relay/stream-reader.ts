import { createParser, type EventSourceParser } from 'eventsource-parser';
import type { AnswerMeter, Reading } from '../endpoints/endpoint.ts';
import { EventBlocks } from './event-blocks.ts';

/** What one piece of a provider's stream came to. */
export interface ReadPiece {
  /** The bytes for the client, as they came. */
  readonly relayed: Buffer;
  /** `done` after `[DONE]`, `error` where the provider sent an error instead of an answer. */
  readonly ended: 'done' | 'error' | undefined;
}

const eventBytesMax = 8 * 1_024 * 1_024;
const lineEnds = Buffer.from('\n\n');

/**
 * Reads a provider's stream piece by piece and says which of its bytes go to the client: all, in order and unchanged,
 * except what carries the usage, which waits for its charge, and the last event, which waits until the call's end is recorded.
 */
export class StreamReader {
  private readonly blocks = new EventBlocks(eventBytesMax);
  private readonly parser: EventSourceParser;
  private reading: Reading = 'pass';

  /** `rename` changes the text of an event that is passed on. */
  constructor(
    readonly meter: AnswerMeter,
    private readonly rename?: (text: string) => string,
  ) {
    this.parser = createParser({
      onEvent: ({ data }) => {
        this.reading = meter.event(data);
      },
    });
  }

  push(piece: Buffer): ReadPiece {
    return this.read(this.blocks.push(piece));
  }

  /** Reads an event that the provider did not finish with a blank line. */
  finish(): ReadPiece {
    const rest = this.blocks.rest();
    return rest.length === 0
      ? { relayed: rest, ended: undefined }
      : this.read([Buffer.concat([rest, lineEnds])]);
  }

  private read(blocks: readonly Buffer[]): ReadPiece {
    const relayed: Buffer[] = [];
    for (const block of blocks) {
      const reading = this.readingOf(block);
      if (reading === 'done' || reading === 'error') return { relayed: together(relayed), ended: reading };
      if (reading === 'pass') relayed.push(this.renamed(block));
    }
    return { relayed: together(relayed), ended: undefined };
  }

  private renamed(block: Buffer): Buffer {
    return this.rename === undefined ? block : Buffer.from(this.rename(block.toString('utf8')));
  }

  /** Comments and empty events tell nothing and pass. */
  private readingOf(block: Buffer): Reading {
    this.reading = 'pass';
    this.parser.feed(block.toString('utf8'));
    return this.reading;
  }
}

/** Most pieces are one event, which needs no copy. */
const together = (blocks: readonly Buffer[]): Buffer =>
  blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks);
