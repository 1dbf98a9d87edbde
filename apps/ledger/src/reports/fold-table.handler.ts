import type { SnapshotReader } from './exported-snapshot.store.ts';
import { FoldedBook } from './folded-book.ts';
import type { JournalTextStore, JournalPart } from './journal-text.store.ts';
import type { LiveStore } from './live.store.ts';
import { differenceFrom } from './rebuilt-book.ts';
import { RebuiltTotals } from './rebuilt-totals.ts';

/** What the books in one table of the journal came to. */
export interface FoldedTable {
  readonly books: number;
  readonly entries: number;
  readonly postings: number;
  /** The first entry that is not as it was written, or does not follow. */
  readonly chainDifference: string | undefined;
  /** The first live row that does not follow from the entries. */
  readonly difference: string | undefined;
  readonly totals: RebuiltTotals['totals'];
}

const booksComparedAtOnce = 200;

/**
 * Folds every book of one table of the journal and compares it with its live rows. In memory are two hundred books at most, and of
 * each what is open in it.
 */
export class FoldTableHandler {
  constructor(
    private readonly texts: JournalTextStore,
    private readonly live: LiveStore,
  ) {}

  async handle(tx: SnapshotReader, table: string): Promise<FoldedTable> {
    const books = new BooksOfTable();
    for await (const part of this.texts.parts(tx, table)) {
      books.take(part);
      if (books.chainDifference !== undefined) break;
      if (books.folded.length >= booksComparedAtOnce) books.compare(await this.linesOf(tx, books.folded));
    }
    books.finish();
    if (books.chainDifference === undefined) books.compare(await this.linesOf(tx, books.folded));
    return books.result();
  }

  private linesOf(tx: SnapshotReader, books: readonly FoldedBook[]): Promise<ReadonlyMap<string, string>> {
    return this.live.lines(
      tx,
      books.map(({ bookId }) => bookId),
    );
  }
}

/** The books of a table, of which one is under way. */
class BooksOfTable {
  chainDifference: string | undefined;
  /** Folded and not compared yet. */
  readonly folded: FoldedBook[] = [];
  private current: FoldedBook | undefined;
  private difference: string | undefined;
  private books = 0;
  private entries = 0;
  private postings = 0;
  private readonly totals = new RebuiltTotals();

  take(part: JournalPart): void {
    if (this.current?.bookId !== part.bookId) {
      this.finish();
      this.current = new FoldedBook(part.bookId, this.totals.add);
    }
    this.chainDifference ??= this.current.take(part);
  }

  finish(): void {
    if (this.current !== undefined) this.folded.push(this.current);
    this.current = undefined;
  }

  compare(live: ReadonlyMap<string, string>): void {
    for (const book of this.folded.splice(0)) {
      const rebuilt = book.rebuilt();
      this.difference ??= differenceFrom(rebuilt, live.get(book.bookId));
      this.books += 1;
      this.entries += book.entries;
      this.postings += book.postings;
    }
  }

  result(): FoldedTable {
    const { books, entries, postings, chainDifference, difference } = this;
    return { books, entries, postings, chainDifference, difference, totals: this.totals.totals };
  }
}
