import type { KeptBook } from './books.store.ts';

/** Books that a writer keeps in memory, the most recently used ones. */
export class KeptBooks {
  private readonly books = new Map<string, KeptBook>();

  constructor(private readonly booksMax: number) {}

  /** The book, if it is kept; it is then the most recently used. */
  get(bookId: string): KeptBook | undefined {
    const kept = this.books.get(bookId);
    if (kept) {
      this.books.delete(bookId);
      this.books.set(bookId, kept);
    }
    return kept;
  }

  /** Keeps a book, in place of the one that was not used for longest. */
  keep(bookId: string, kept: KeptBook): void {
    this.books.delete(bookId);
    this.books.set(bookId, kept);
    if (this.books.size <= this.booksMax) return;
    const [oldest] = this.books.keys();
    if (oldest !== undefined) this.books.delete(oldest);
  }

  /** Forgets books, because the database may know better. */
  forget(bookIds: Iterable<string>): void {
    for (const bookId of bookIds) this.books.delete(bookId);
  }

  get size(): number {
    return this.books.size;
  }
}
