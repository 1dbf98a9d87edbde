import type { LedgerApi } from '@app/contracts';
import { Units18 } from '@app/money';
import type { GrpcApi } from '@app/transport';
import { forEach, patiently } from './patience.ts';

/** What the ledger has posted in one book. */
interface BookTally {
  cursor: string;
  version: bigint;
  topUps: number;
}

const booksAtOnce = 8;
const pageSize = 500;
const revenue = 'revenue:usage:';
const endsOfWaiting: readonly string[] = ['charge-collected', 'charge-uncollected'];

/** Adds up what the ledger has posted in some books, reading each entry once. */
export class LedgerTally {
  private readonly books = new Map<string, BookTally>();
  private charged = Units18.zero;
  private uncollectedUnits = Units18.zero;
  /** Charges that were posted. */
  charges = 0;
  /** Charges that wait for money. */
  waiting = 0;

  constructor(
    private readonly ledger: GrpcApi<LedgerApi.Ledger>,
    customerIds: readonly string[],
  ) {
    for (const id of customerIds) this.books.set(id, { cursor: '', version: 0n, topUps: 0 });
  }

  /** Reads what was posted since the last time. */
  async read(): Promise<void> {
    await forEach([...this.books], booksAtOnce, ([bookId, book]) => this.readBook(bookId, book));
  }

  /** Everything that was charged, collected or not. */
  get total(): string {
    return Units18.toText(this.charged);
  }

  /** The part of it that no wallet could pay. */
  get uncollected(): string {
    return Units18.toText(this.uncollectedUnits);
  }

  /** The number of all entries in these books: where it has not changed, nothing has. */
  get entries(): bigint {
    return [...this.books.values()].reduce((sum, { version }) => sum + version, 0n);
  }

  /** Whether a wallet was topped up before. */
  isFunded(customerId: string): boolean {
    return (this.books.get(customerId)?.topUps ?? 0) > 0;
  }

  private async readBook(bookId: string, book: BookTally): Promise<void> {
    for (;;) {
      const { entries, nextCursor } = await patiently(() =>
        this.ledger.ListEntries({ bookId, pageSize, cursor: book.cursor }),
      );
      for (const entry of entries) this.add(entry, book);
      book.cursor = nextCursor === '' ? book.version.toString() : nextCursor;
      if (nextCursor === '') return;
    }
  }

  private add({ kind, version, postings }: LedgerApi.Entry, book: BookTally): void {
    book.version = BigInt(version);
    if (kind === 'top-up') book.topUps += 1;
    if (kind === 'charge-waiting') this.waiting += 1;
    if (endsOfWaiting.includes(kind)) this.waiting -= 1;
    if (kind === 'charge' || endsOfWaiting.includes(kind)) this.charges += 1;
    for (const { credit, amount } of postings)
      if (credit.startsWith(revenue)) this.addRevenue(credit, amount);
  }

  private addRevenue(account: string, amount: string): void {
    const units = Units18.fromText(amount);
    this.charged = Units18.add(this.charged, units);
    if (account === `${revenue}uncollected`)
      this.uncollectedUnits = Units18.add(this.uncollectedUnits, units);
  }
}
