import { Book, Instant, readCanonicalText } from '@app/bookkeeping';
import { entryHash } from '../journal/entry-hash.ts';
import { namesDifference, type ExportedEntry } from '../seals/proof.ts';
import { dayOf, type Seal, type SealedHead } from '../seals/seal.ts';

/** A line of an export: exactly one of these. */
export interface ExportLine {
  /** An export with the name of a book is of that book alone. */
  readonly export?: { readonly exportVersion: number; readonly begunAt: string; readonly book?: string };
  readonly seal?: Seal;
  readonly leaf?: SealedLeaf;
  readonly entry?: ExportedEntry;
  readonly end?: { readonly books: number; readonly entries: number };
}

/** Where the head of the one book of an export lies under the seal of a day. */
export interface SealedLeaf {
  readonly day: string;
  readonly version: number;
  readonly hash: string;
  readonly index: number;
  readonly path: readonly string[];
}

/** A book whose entries are coming. */
interface OpenBook {
  readonly bookId: string;
  readonly book: Book;
  hash: Buffer;
  recordedAt: string;
}

const hashBeforeFirst = Buffer.alloc(32);

/** Examines the lines of an export as they come: each entry as it was hashed, none missing, all of it there. */
export class ExportExamination {
  /** What is wrong, each with its place. */
  readonly findings: string[] = [];
  /** Seals as the export has them, by day. */
  readonly seals = new Map<string, Seal>();
  /** The last entry of each book on each day on which it moved. */
  readonly moved = new Map<string, Map<string, SealedHead>>();
  /** Books in which something is wrong; nothing is said of the rest of them. */
  readonly broken = new Set<string>();
  readonly books = new Set<string>();
  /** The only book, where the export is of one. */
  book: string | undefined;
  /** By day, where the head of the only book lies. */
  readonly leaves = new Map<string, SealedLeaf>();
  entries = 0;
  private lines = 0;
  private ended = false;
  private last = 'its first line';
  private open: OpenBook | undefined;

  /** Takes the next line. */
  take(text: string): void {
    this.lines += 1;
    const line = lineOf(text);
    if (line === undefined) this.findings.push(`line ${this.lines}: it is not a line of an export`);
    else if (this.ended) this.findings.push(`line ${this.lines}: it comes after the end`);
    else this.takeLine(line);
  }

  /** No more lines come. */
  finish(): void {
    if (!this.ended) this.findings.push(`export: it breaks off after ${this.last}`);
  }

  private takeLine({ export: first, seal, leaf, entry, end }: ExportLine): void {
    if ((first !== undefined) !== (this.lines === 1) || (first && first.exportVersion !== 1))
      this.findings.push(`line ${this.lines}: an export begins with one line that names its version 1`);
    if (first) this.book = first.book;
    if (seal) this.seals.set(seal.day, seal);
    if (leaf) this.leaves.set(leaf.day, leaf);
    if (entry) this.takeEntry(entry);
    if (end) this.takeEnd(end);
  }

  private takeEnd({ books, entries }: { readonly books: number; readonly entries: number }): void {
    this.ended = true;
    if (books !== this.books.size || entries !== this.entries)
      this.findings.push(
        `export: its last line counts ${books} books and ${entries} entries, and ${this.books.size} and ${this.entries} came`,
      );
  }

  private takeEntry(entry: ExportedEntry): void {
    this.entries += 1;
    this.last = `${entry.book}/${entry.version}`;
    if (this.open?.bookId !== entry.book) {
      if (this.books.has(entry.book)) this.say(entry, 'its book has come before');
      if (this.book !== undefined && this.book !== entry.book)
        this.say(entry, `the export is of ${this.book} alone`);
      this.books.add(entry.book);
      this.open = {
        bookId: entry.book,
        book: Book.openToFold(entry.book),
        hash: hashBeforeFirst,
        recordedAt: '',
      };
    }
    if (this.broken.has(entry.book)) return;
    const difference = this.differenceOf(this.open, entry);
    if (difference !== undefined) this.say(entry, difference);
  }

  private say({ book, version }: ExportedEntry, what: string): void {
    this.findings.push(`${book}/${version}: ${what}`);
    this.broken.add(book);
  }

  private differenceOf(open: OpenBook, entry: ExportedEntry): string | undefined {
    const expected = open.book.state.version + 1;
    if (entry.version !== expected) return `entry ${expected} is missing before it`;
    if (entryHash(open.hash, entry.canonical).toString('hex') !== entry.hash)
      return 'its hash is not that of its text and of the entry before';
    const named = namesDifference(entry);
    if (named !== undefined) return named;
    open.hash = Buffer.from(entry.hash, 'hex');
    return this.follow(open, entry);
  }

  private follow(open: OpenBook, { book, version, hash, canonical }: ExportedEntry): string | undefined {
    const entry = readCanonicalText(canonical);
    const recordedAt = Instant.toText(entry.recordedAt);
    if (recordedAt < open.recordedAt) return 'it was recorded before the entry before';
    open.recordedAt = recordedAt;
    try {
      open.book.apply(entry);
    } catch (error) {
      return `it does not follow: ${error instanceof Error ? error.message : String(error)}`;
    }
    const day = dayOf(recordedAt);
    const moved = this.moved.get(day) ?? new Map<string, SealedHead>();
    this.moved.set(day, moved.set(book, { book, version, hash }));
    return undefined;
  }
}

function lineOf(text: string): ExportLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    const names = typeof line === 'object' && line !== null ? Object.keys(line) : [];
    return names.length === 1 && ['export', 'seal', 'leaf', 'entry', 'end'].includes(names[0] ?? '')
      ? (line as ExportLine)
      : undefined;
  } catch {
    return undefined;
  }
}
