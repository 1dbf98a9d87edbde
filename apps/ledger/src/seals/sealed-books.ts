import { leafHash, merkleRoot } from './merkle.ts';
import { headText, type Seal, type SealedHead } from './seal.ts';

/** The heads of all books, carried from day to day by what moved on each. */
export class SealedBooks {
  private readonly heads = new Map<string, { readonly head: SealedHead; readonly leaf: Buffer }>();
  private sorted: string[] | undefined = [];
  private entries = 0;

  /** The head of a book so far. */
  get(book: string): SealedHead | undefined {
    return this.heads.get(book)?.head;
  }

  /** All books in the order of their leaves: by id, byte by byte. */
  books(): readonly string[] {
    this.sorted ??= [...this.heads.keys()].sort();
    return this.sorted;
  }

  /** A book has moved. */
  set(head: SealedHead): void {
    const before = this.heads.get(head.book);
    if (before === undefined) this.sorted = undefined;
    this.entries += head.version - (before?.head.version ?? 0);
    this.heads.set(head.book, { head, leaf: leafHash(headText(head)) });
  }

  /** Hashes of the leaves in their order. */
  leaves(): Buffer[] {
    return this.books().flatMap((book) => this.heads.get(book)?.leaf ?? []);
  }

  /** What of a seal does not follow from these heads. */
  differenceFrom({ books, entries, root }: Seal): string | undefined {
    if (this.heads.size !== books) return `it has ${books} books, and there are ${this.heads.size}`;
    if (this.entries !== entries) return `it has ${entries} entries, and there are ${this.entries}`;
    return merkleRoot(this.leaves()).toString('hex') === root
      ? undefined
      : 'the heads of the books do not come to its root';
  }
}
