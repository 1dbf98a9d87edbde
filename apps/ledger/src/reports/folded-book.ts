import { BookFold, type Posted } from '@app/bookkeeping';
import { HashChain } from './hash-chain.ts';
import type { JournalPart } from './journal-text.store.ts';
import type { RebuiltBook } from './rebuilt-book.ts';

/** A book that is folded from its texts, each of which is verified by its hash first. */
export class FoldedBook {
  private readonly fold: BookFold;
  private readonly chain = new HashChain();

  constructor(
    readonly bookId: string,
    posted: Posted,
  ) {
    this.fold = new BookFold(bookId, posted);
  }

  /** Entries so far. */
  get entries(): number {
    return this.fold.version;
  }

  /** Postings so far. */
  get postings(): number {
    return this.fold.postings;
  }

  /** Takes the next entries; gives what is wrong with the first that is not as it was written, or does not follow. */
  take({ bookId, canonical, lengths, hashes }: JournalPart): string | undefined {
    let from = 0;
    for (const [at, length] of lengths.entries()) {
      const to = from + length;
      const difference = this.chain.takes(canonical.slice(from, to), hashes, at)
        ? this.follow(canonical, from, to)
        : 'the hash is not that of the stored bytes after the entry before';
      if (difference !== undefined) return `${bookId}/${this.entries + 1}: ${difference}`;
      from = to;
    }
    return undefined;
  }

  /** How the entries leave the book. */
  rebuilt(): RebuiltBook {
    const state = this.fold.state();
    const { recordedAt, lots, refunds, ends } = this.fold;
    return { state, hash: this.chain.last, recordedAt, lots, refunds, ends };
  }

  private follow(text: string, from: number, to: number): string | undefined {
    try {
      this.fold.take(text, from, to);
      return undefined;
    } catch (error) {
      return `it does not follow: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
