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
  take({ bookId, entries }: JournalPart): string | undefined {
    for (const { text, from, to, hashAt } of entries) {
      const difference = this.chain.takes(text.slice(from, to), text, hashAt)
        ? this.follow(text, from, to)
        : 'the hash is not that of the stored bytes after the entry before';
      if (difference !== undefined) return `${bookId}/${this.entries + 1}: ${difference}`;
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
