import { log } from '@app/observability';
import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { loadBooks } from '../journal/books.store.ts';
import type { EntryRow } from '../journal/entry-row.store.ts';
import { ExaminedBook } from './examined-book.ts';
import { JournalReader } from './journal-reader.store.ts';
import { LiveStore, type Heads } from './live.store.ts';
import { rebuildAgrees } from './rebuild-agrees.ts';
import { RebuiltBook } from './rebuilt-book.ts';
import { RebuiltTotals } from './rebuilt-totals.ts';

/** What a rebuild came to. */
export interface RebuildReport {
  readonly agrees: boolean;
  readonly books: string;
  readonly entries: string;
  readonly postings: string;
  readonly chainVerified: boolean;
  /** The first thing that is not the same; empty where all is. */
  readonly firstDifference: string;
  readonly durationMs: string;
}

const booksAtOnce = 200;
const entriesBetweenGatherings = 1_000;

/**
 * Folds the journal into fresh projections, in memory, and compares them with the live ones: book by book, lot by lot, total by
 * total. Reads one snapshot, so that writers need not stop.
 */
@Injectable()
export class RebuildHandler {
  private underWay: Promise<RebuildReport> | undefined;

  constructor(
    private readonly reader: JournalReader,
    private readonly live: LiveStore,
  ) {}

  /** One rebuild at a time: who asks while one is under way gets its report. */
  handle(): Promise<RebuildReport> {
    this.underWay ??= this.report().finally(() => {
      this.underWay = undefined;
    });
    return this.underWay;
  }

  private async report(): Promise<RebuildReport> {
    const begun = performance.now();
    const rebuild = await this.reader.inSnapshot((tx) => this.rebuild(tx));
    const firstDifference = rebuild.chainDifference ?? rebuild.difference;
    rebuildAgrees.set(firstDifference === undefined ? 1 : 0);
    if (firstDifference !== undefined)
      log().error({ firstDifference }, 'The rebuild differs from the live figures');
    return {
      agrees: firstDifference === undefined,
      books: rebuild.books.toString(),
      entries: rebuild.entries.toString(),
      postings: rebuild.postings.toString(),
      chainVerified: rebuild.chainDifference === undefined,
      firstDifference: firstDifference ?? '',
      durationMs: Math.round(performance.now() - begun).toString(),
    };
  }

  private async rebuild(tx: Tx): Promise<Rebuild> {
    const rebuild = new Rebuild(await this.live.heads(tx, ''), (books) => this.compare(tx, books));
    for await (const row of this.reader.entries(tx)) {
      await rebuild.take(row);
      if (rebuild.chainDifference !== undefined) return rebuild;
    }
    await rebuild.finish();
    rebuild.difference ??= rebuild.totals.differenceFrom(await this.live.totals(tx));
    return rebuild;
  }

  private async compare(tx: Tx, books: readonly RebuiltBook[]): Promise<string | undefined> {
    const bookIds = books.map(({ bookId }) => bookId);
    const live = await loadBooks(tx, bookIds, 'unlocked');
    const rows = await this.live.rows(tx, bookIds);
    for (const book of books) {
      const difference = book.differenceFrom(live.get(book.bookId)?.book.state, rows.get(book.bookId) ?? []);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
}

/** A rebuild under way. */
class Rebuild {
  books = 0;
  entries = 0;
  postings = 0;
  chainDifference: string | undefined;
  difference: string | undefined;
  readonly totals = new RebuiltTotals();
  private current: { readonly examined: ExaminedBook; readonly rebuilt: RebuiltBook } | undefined;
  private readonly finished: RebuiltBook[] = [];

  constructor(
    private readonly heads: Heads,
    private readonly compare: (books: readonly RebuiltBook[]) => Promise<string | undefined>,
  ) {}

  async take(row: EntryRow): Promise<void> {
    const current =
      this.current?.examined.bookId === row.book_id ? this.current : await this.next(row.book_id);
    this.entries += 1;
    const taken = current.examined.take(row);
    if ('difference' in taken) {
      this.chainDifference ??= `${row.book_id}/${row.version}: ${taken.difference}`;
      return;
    }
    this.postings += taken.entry.postings.length;
    this.totals.add(taken.entry);
    if (this.entries % entriesBetweenGatherings === 0) current.rebuilt.gather();
  }

  async finish(): Promise<void> {
    this.end();
    if (this.finished.length > 0) this.difference ??= await this.compare(this.finished.splice(0));
    this.difference ??= this.heads.missing(this.books);
  }

  private async next(bookId: string) {
    this.end();
    if (this.finished.length >= booksAtOnce) this.difference ??= await this.compare(this.finished.splice(0));
    const examined = new ExaminedBook(bookId);
    this.current = { examined, rebuilt: new RebuiltBook(examined) };
    this.books += 1;
    return this.current;
  }

  private end(): void {
    if (this.current === undefined) return;
    this.current.rebuilt.gather();
    this.chainDifference ??= this.heads.endOf(this.current.examined);
    this.finished.push(this.current.rebuilt);
    this.current = undefined;
  }
}
