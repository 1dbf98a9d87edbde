import { Book, Instant, readCanonicalBytes, type Entry } from '@app/bookkeeping';
import { Units18 } from '@app/money';
import { hashBeforeFirst } from '../journal/books.store.ts';
import { entryHash } from '../journal/entry-hash.ts';
import { entryView, type EntryRow } from '../journal/entry-row.store.ts';

/** A book that is folded anew from its stored entries, each of which is examined first. */
export class ExaminedBook {
  readonly book: Book;
  private hash: Buffer = hashBeforeFirst;
  private recordedAt: Instant = Instant.of(0);

  constructor(readonly bookId: string) {
    this.book = Book.open(bookId);
  }

  /** The hash of the last entry. */
  get lastHash(): Buffer {
    return this.hash;
  }

  /** When the last entry was recorded. */
  get lastRecordedAt(): Instant {
    return this.recordedAt;
  }

  /**
   * Takes the next stored entry in. Gives the entry as it was written, or what is wrong with it: its place in the chain, its
   * hash, a column that does not say what was hashed, or a balance that does not follow.
   */
  take(row: EntryRow): { readonly entry: Entry } | { readonly difference: string } {
    const chain = this.chainDifference(row);
    if (chain !== undefined) return { difference: chain };
    const entry = readEntry(row);
    if (typeof entry === 'string') return { difference: entry };
    const difference = columnDifference(row, entry) ?? this.fold(row, entry);
    return difference === undefined ? { entry } : { difference };
  }

  private chainDifference(row: EntryRow): string | undefined {
    const expected = this.book.state.version + 1;
    if (Number(row.version) !== expected) return `entry ${expected} is missing`;
    if (!row.previous_hash.equals(this.hash)) return 'the previous hash is not that of the entry before';
    const hash = entryHash(this.hash, row.canonical);
    if (!row.hash.equals(hash)) return 'the hash is not that of the stored bytes';
    this.hash = row.hash;
    return undefined;
  }

  private fold(row: EntryRow, entry: Entry): string | undefined {
    if (entry.recordedAt < this.recordedAt) return 'it was recorded before the entry before';
    this.recordedAt = entry.recordedAt;
    try {
      this.book.apply(entry);
    } catch (error) {
      return `it does not follow: ${reasonOf(error)}`;
    }
    const { paid, granted, held } = this.book.state;
    const after = [paid, granted, held].map((amount) => Units18.toText(amount)).join(' ');
    const stored = `${row.paid} ${row.granted} ${row.held}`;
    return after === stored ? undefined : `the balance after it is stored as ${stored} and is ${after}`;
  }
}

function readEntry(row: EntryRow): Entry | string {
  try {
    return readCanonicalBytes(row.canonical);
  } catch (error) {
    return `the stored bytes cannot be read: ${reasonOf(error)}`;
  }
}

/** Columns are there for questions; what counts is what was hashed, and they must say the same. */
function columnDifference(row: EntryRow, entry: Entry): string | undefined {
  const view = entryView(row);
  const stored: Record<string, unknown> = {
    bookId: view.bookId,
    version: view.version,
    kind: view.kind,
    eventId: view.eventId,
    fingerprint: row.fingerprint,
    currency: view.currency,
    occurredAt: view.occurredAt,
    recordedAt: view.recordedAt,
    accountingDate: view.accountingDate,
    postings: view.postings.map(({ debit, credit, amount }) => `${debit} ${credit} ${amount}`).join(', '),
  };
  const written: Record<string, unknown> = {
    ...entry,
    occurredAt: Instant.toText(entry.occurredAt),
    recordedAt: Instant.toText(entry.recordedAt),
    postings: entry.postings
      .map(({ debit, credit, amount }) => `${debit} ${credit} ${Units18.toText(amount)}`)
      .join(', '),
  };
  const name = Object.keys(stored).find((column) => stored[column] !== written[column]);
  return name === undefined
    ? undefined
    : `${name} is stored as ${String(stored[name])} and was written as ${String(written[name])}`;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
