import { Id } from '@app/contracts';
import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { EntryRow } from '../journal/entry-row.store.ts';
import { parsed } from '../parsed.ts';
import { ExaminedBook } from './examined-book.ts';
import { JournalReader } from './journal-reader.store.ts';
import { type Heads, LiveStore } from './live.store.ts';

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

  private async examine(tx: Tx, bookId: string): Promise<Examination> {
    const examination = new Examination(await this.live.heads(tx, bookId));
    for await (const row of this.reader.entries(tx, bookId)) {
      examination.take(row);
      if (examination.difference !== undefined) return examination;
    }
    examination.finish();
    return examination;
  }
}

/** An examination under way, which ends at the first difference. */
class Examination {
  books = 0;
  entries = 0;
  difference: string | undefined;
  private current: ExaminedBook | undefined;

  constructor(private readonly heads: Heads) {}

  take(row: EntryRow): void {
    if (this.current?.bookId !== row.book_id) this.endBook();
    this.current ??= this.nextBook(row.book_id);
    this.entries += 1;
    const taken = this.current.take(row);
    if ('difference' in taken) this.difference ??= `${row.book_id}/${row.version}: ${taken.difference}`;
  }

  finish(): void {
    this.endBook();
    this.difference ??= this.heads.missing(this.books);
  }

  private nextBook(bookId: string): ExaminedBook {
    this.books += 1;
    return new ExaminedBook(bookId);
  }

  private endBook(): void {
    if (this.current !== undefined) this.difference ??= this.heads.endOf(this.current);
    this.current = undefined;
  }
}
