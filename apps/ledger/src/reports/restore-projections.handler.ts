import type { Database, Tx } from '@app/persistence';
import { ExaminedBook } from './examined-book.ts';
import type { JournalReader } from './journal-reader.store.ts';
import type { ProjectionStore } from './projections.store.ts';

const booksAtOnce = 500;

/**
 * Throws away what follows from the journal and makes it again from the entries, book by book, while the service runs: a book's
 * writers wait until it is done, and all others go on. An entry that is not as it was written stops it, before its book is touched.
 */
export class RestoreProjectionsHandler {
  constructor(
    private readonly database: Database,
    private readonly reader: JournalReader,
    private readonly projections: ProjectionStore,
  ) {}

  /** Every book, then the totals. Gives the number of books. */
  async handle(): Promise<number> {
    let done = 0;
    for (let last = ''; ;) {
      const books = await this.database.transaction((tx) =>
        this.projections.booksAfter(tx, last, booksAtOnce),
      );
      for (const bookId of books) await this.restoreBook(bookId);
      done += books.length;
      last = books.at(-1) ?? '';
      if (books.length < booksAtOnce) break;
    }
    await this.database.transaction((tx) => this.projections.replaceTotals(tx));
    return done;
  }

  /** One book. */
  async restoreBook(bookId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.projections.lock(tx, bookId);
      const { examined, queuedBy } = await this.folded(tx, bookId);
      await this.projections.replace(tx, examined, queuedBy);
    });
  }

  private async folded(tx: Tx, bookId: string) {
    const examined = new ExaminedBook(bookId);
    const queuedBy = new Map<string, number>();
    for await (const row of this.reader.entries(tx, bookId)) {
      const taken = examined.take(row);
      if ('difference' in taken) throw new TypeError(`${bookId}/${row.version}: ${taken.difference}`);
      const { entry } = taken;
      if (entry.kind === 'charge-waiting') queuedBy.set(`${bookId} ${entry.memo.chargeId}`, entry.version);
    }
    return { examined, queuedBy };
  }
}
