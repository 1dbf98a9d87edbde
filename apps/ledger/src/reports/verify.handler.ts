import { Id } from '@app/contracts';
import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { parsed } from '../parsed.ts';
import { ExaminedBook } from './examined-book.ts';
import { JournalReader } from './journal-reader.store.ts';
import { LiveStore } from './live.store.ts';

const Question = z.object({ bookId: z.union([Id, z.literal('')]).default('') });

/** What an examination of the journal found. */
export interface VerifyReport {
  readonly verified: boolean;
  readonly books: string;
  readonly entries: string;
  /** The first entry that is not as it was written, as `<book>/<version>: <what is wrong>`; empty where there is none. */
  readonly firstDifference: string;
  readonly durationMs: string;
}

/** Examines the hash chain of one book or of all: every entry as it was written, none missing, none after the head or before it. */
@Injectable()
export class VerifyHandler {
  constructor(
    private readonly reader: JournalReader,
    private readonly live: LiveStore,
  ) {}

  handle(given: z.input<typeof Question>): Promise<VerifyReport> {
    const { bookId } = parsed(Question, given);
    const begun = performance.now();
    return this.reader.inSnapshot(async (tx) => {
      const found = await this.examine(tx, bookId);
      return {
        verified: found.difference === undefined,
        books: found.books.toString(),
        entries: found.entries.toString(),
        firstDifference: found.difference ?? '',
        durationMs: Math.round(performance.now() - begun).toString(),
      };
    });
  }

  private async examine(tx: Tx, bookId: string): Promise<Found> {
    const heads = await this.live.heads(tx, bookId);
    const found: Found = { books: 0, entries: 0, difference: undefined };
    let current: ExaminedBook | undefined;
    for await (const row of this.reader.entries(tx, bookId)) {
      if (current?.bookId !== row.book_id) {
        found.difference ??= current && heads.endOf(current);
        current = new ExaminedBook(row.book_id);
        found.books += 1;
      }
      found.entries += 1;
      const taken = current.take(row);
      if ('difference' in taken) found.difference ??= `${row.book_id}/${row.version}: ${taken.difference}`;
      if (found.difference !== undefined) return found;
    }
    found.difference ??= (current && heads.endOf(current)) ?? heads.missing(found.books);
    return found;
  }
}

interface Found {
  books: number;
  entries: number;
  difference: string | undefined;
}
