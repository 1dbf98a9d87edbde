import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { SealKey } from './seal-key.client.ts';
import { SealStore } from './seal.store.ts';
import { chainDifference, sealDifference, type Seal } from './seal.ts';
import { SealedBook } from './sealed-book.ts';
import { SealedBooks } from './sealed-books.ts';
import { SealsFolder } from './seals-folder.client.ts';

/** Examines the seals that are stored: each against its heads, its signature, the seal before it and what was published. */
@Injectable()
export class ExamineSealsHandler {
  constructor(
    private readonly seals: SealStore,
    private readonly key: SealKey,
    private readonly folder: SealsFolder,
  ) {}

  /** What is wrong with the first seal that is not as it was made, as `seal of <day>: <what>`. */
  async handle(): Promise<string | undefined> {
    const books = new SealedBooks();
    for (let before: Seal | undefined; ;) {
      const seals = await this.seals.after(before?.day ?? '', 500);
      for (const seal of seals) {
        for await (const head of this.seals.moved(seal.day)) books.set(head);
        const difference = await this.differenceOf(seal, before, books);
        if (difference !== undefined) return `seal of ${seal.day}: ${difference}`;
        before = seal;
      }
      if (seals.length === 0) return undefined;
    }
  }

  /** A book to compare with its seals as of one snapshot. */
  async book(tx: Tx, bookId: string): Promise<SealedBook> {
    const { until, sealed } = await this.seals.ofBook(bookId, tx);
    return new SealedBook(sealed, until);
  }

  /** A book that is sealed and of which no entry is there. */
  async missingBook(tx: Tx): Promise<string | undefined> {
    const missing = await this.seals.withoutEntries(tx);
    return missing && `${missing.book}/${missing.version}: the book is under a seal and has no entries`;
  }

  private async differenceOf(
    seal: Seal,
    before: Seal | undefined,
    books: SealedBooks,
  ): Promise<string | undefined> {
    return (
      chainDifference(seal, before) ??
      sealDifference(seal, this.key.keys) ??
      books.differenceFrom(seal) ??
      (await this.folder.differenceFrom(seal))
    );
  }
}
