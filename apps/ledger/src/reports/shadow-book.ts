import { Instant, type Entry, type Lot, type OpenRefund } from '@app/bookkeeping';
import type { EntryRow } from '../journal/entry-row.store.ts';
import { ExaminedBook } from './examined-book.ts';
import type { EndedHold } from './live.store.ts';
import type { RebuiltBook } from './rebuilt-book.ts';

/** A book that is folded beside the live one, row by row, as it grows. */
export class ShadowBook {
  private readonly examined: ExaminedBook;
  private readonly lots = new Map<string, Lot>();
  private readonly refunds = new Map<string, OpenRefund>();
  private readonly ended: EndedHold[] = [];

  constructor(bookId: string) {
    this.examined = new ExaminedBook(bookId);
  }

  /** The number of the last entry. */
  get version(): number {
    return this.examined.book.state.version;
  }

  /** Examines the next entry and takes it in. */
  take(row: EntryRow): { readonly entry: Entry } | { readonly difference: string } {
    return this.examined.take(row);
  }

  /** Takes the changes of the entries so far. */
  gather(): void {
    const changes = this.examined.book.takeChanges();
    for (const [topUpId, lot] of changes.lots) this.lots.set(topUpId, lot);
    for (const [refundId, refund] of changes.refunds) this.refunds.set(refundId, refund);
    const { bookId } = this.examined;
    for (const [holdId, hold] of changes.holds)
      if (typeof hold === 'string') this.ended.push({ bookId, holdId, outcome: hold });
  }

  /** The holds that ended since this was last asked; call `gather` first. They are not kept: a book may have had millions. */
  takeEnded(): readonly EndedHold[] {
    return this.ended.splice(0);
  }

  /** How the entries leave the book, but for holds that ended; call `gather` first. */
  rebuilt(): RebuiltBook {
    const { book, lastHash, lastRecordedAt } = this.examined;
    const { lots, refunds } = this;
    const recordedAt = Instant.toText(lastRecordedAt);
    return { state: book.state, hash: lastHash.toString('hex'), recordedAt, lots, refunds, ends: new Map() };
  }
}
