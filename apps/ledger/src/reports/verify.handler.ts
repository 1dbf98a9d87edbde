import { Id } from '@app/contracts';
import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { EntryRow } from '../journal/entry-row.store.ts';
import { parsed } from '../parsed.ts';
import { ExamineSealsHandler } from '../seals/examine-seals.handler.ts';
import type { SealedBook } from '../seals/sealed-book.ts';
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

/**
 * Examines the hash chain of one book or of all: every entry as it was written, none missing, none after the head or before
 * it, and the last one of each day as it was sealed. With all books, it examines the seals too.
 */
@Injectable()
export class VerifyHandler {
  constructor(
    private readonly reader: JournalReader,
    private readonly live: LiveStore,
    private readonly seals: ExamineSealsHandler,
  ) {}

  handle(given: z.input<typeof Question>): Promise<VerifyReport> {
    const { bookId } = parsed(Question, given);
    const begun = performance.now();
    return this.reader.inSnapshot(async (tx) => {
      const found = await this.examine(tx, bookId);
      if (bookId === '')
        found.difference ??= (await this.seals.missingBook(tx)) ?? (await this.seals.handle());
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
      if (examination.isNew(row.book_id))
        examination.begin(row.book_id, await this.seals.book(tx, row.book_id));
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
  private current: { readonly book: ExaminedBook; readonly sealed: SealedBook } | undefined;

  constructor(private readonly heads: Heads) {}

  isNew(bookId: string): boolean {
    return this.current?.book.bookId !== bookId;
  }

  begin(bookId: string, sealed: SealedBook): void {
    this.endBook();
    this.books += 1;
    this.current = { book: new ExaminedBook(bookId), sealed };
  }

  take(row: EntryRow): void {
    if (this.current === undefined) return;
    this.entries += 1;
    const { book, sealed } = this.current;
    const taken = book.take(row);
    if ('difference' in taken) this.difference ??= `${row.book_id}/${row.version}: ${taken.difference}`;
    const day = sealed.take({
      version: Number(row.version),
      hash: row.hash.toString('hex'),
      recordedAt: row.recorded_at,
    });
    if (day !== undefined) this.difference ??= `${row.book_id}/${day}`;
  }

  finish(): void {
    this.endBook();
    this.difference ??= this.heads.missing(this.books);
  }

  private endBook(): void {
    if (this.current === undefined) return;
    const { book, sealed } = this.current;
    this.difference ??= this.heads.endOf(book);
    const day = sealed.end();
    if (day !== undefined) this.difference ??= `${book.bookId}/${day}`;
    this.current = undefined;
  }
}
