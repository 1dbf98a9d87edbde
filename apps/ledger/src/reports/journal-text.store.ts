import type { Rows } from '../journal/rows.ts';
import type { SnapshotReader } from './exported-snapshot.store.ts';

/** Entries of one book that came together. */
export interface JournalPart {
  readonly bookId: string;
  readonly entries: readonly HashedEntry[];
}

/** An entry as it was hashed; one character a byte. */
export interface HashedEntry {
  /** A text in which the canonical text lies; what is beside it is not part of the entry. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** Where the stored hash, 32 characters, begins in `text`. */
  readonly hashAt: number;
}

const lengthBytes = 4;
const hashBytes = 32;

/**
 * Reads the journal as it was hashed, table part by table part and book by book, byte for byte; memory grows neither with a book nor
 * with the journal.
 */
export class JournalTextStore {
  /** The tables of which the journal consists; a book lies in one of them. */
  async tables(tx: Rows): Promise<string[]> {
    const rows = await tx.query<{ name: string }>(
      `SELECT relid::regclass::text AS name FROM pg_partition_tree('entry') WHERE isleaf ORDER BY relid`,
    );
    return rows.map(({ name }) => name);
  }

  /** The entries in one of the tables; a book's entries come together and in order. */
  async *parts(reader: SnapshotReader, table: string): AsyncGenerator<JournalPart> {
    const sql = `SELECT canonical, hash, book_id FROM ${table} ORDER BY book_id, version`;
    for await (const rows of reader.copied(sql)) yield* partsOf(rows);
  }
}

/** Cuts rows into runs of one book. */
function* partsOf(rows: readonly string[]): Generator<JournalPart> {
  let [known, entries]: [string, HashedEntry[]] = ['', []];
  for (const text of rows) {
    const to = lengthBytes + lengthAt(text, 0);
    const hashAt = to + lengthBytes;
    const bookAt = hashAt + hashBytes + lengthBytes;
    if (text.length !== bookAt + known.length || !text.endsWith(known)) {
      if (entries.length > 0) yield { bookId: nameOf(known), entries };
      [known, entries] = [text.slice(bookAt), []];
    }
    entries.push({ text, from: lengthBytes, to, hashAt });
  }
  if (entries.length > 0) yield { bookId: nameOf(known), entries };
}

const nameOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

const lengthAt = (text: string, at: number): number =>
  (text.charCodeAt(at) << 24) |
  (text.charCodeAt(at + 1) << 16) |
  (text.charCodeAt(at + 2) << 8) |
  text.charCodeAt(at + 3);
