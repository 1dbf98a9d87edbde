import { breaksOfBook, breaksOfRebuild, type BookState, type Lot, type OpenRefund } from '@app/bookkeeping';
import { Units18 } from '@app/money';
import { refundItemsText } from '../journal/book-text.ts';
import type { ExaminedBook } from './examined-book.ts';

/** What a book's rows should be, gathered while it is folded. Holds that ended are counted, not kept: there may be millions. */
export class RebuiltBook {
  private readonly lots = new Map<string, Lot>();
  private readonly refunds = new Map<string, OpenRefund>();
  private readonly ends = new Map<string, number>();

  constructor(private readonly examined: ExaminedBook) {}

  get bookId(): string {
    return this.examined.bookId;
  }

  /** Takes the changes of the entries so far. */
  gather(): void {
    const changes = this.examined.book.takeChanges();
    for (const [topUpId, lot] of changes.lots) this.lots.set(topUpId, lot);
    for (const [refundId, refund] of changes.refunds) this.refunds.set(refundId, refund);
    for (const hold of changes.holds.values()) {
      if (typeof hold === 'string') this.ends.set(hold, (this.ends.get(hold) ?? 0) + 1);
    }
  }

  /** How the live book and its rows differ from the rebuilt ones; undefined where they are the same. */
  differenceFrom(live: BookState | undefined, liveRows: readonly string[]): string | undefined {
    const { state } = this.examined.book;
    if (live === undefined) return `${this.bookId}: there is no live book`;
    const [broken] = breaksOfBook(state);
    if (broken) return `${this.bookId}: ${broken.rule} ${broken.detail}`;
    // The shell keeps no sums by book, so they are no part of the comparison.
    const [differing] = breaksOfRebuild(state, live).filter(({ detail }) => detail !== 'sums');
    if (differing) return `${this.bookId}: ${differing.detail} of the live book differs`;
    const rebuilt = new Set(this.rows());
    const wrong =
      liveRows.find((row) => !rebuilt.has(row)) ?? [...rebuilt].find((row) => !liveRows.includes(row));
    return wrong === undefined ? undefined : `${this.bookId}: "${wrong}" is not in both`;
  }

  private rows(): string[] {
    return [
      ...[...this.lots.values()].map(
        ({ topUpId, amount, used, refunded, reserved, remaining, sent }) =>
          `lot ${topUpId} ${texts(amount, used, refunded, reserved, remaining, sent)}`,
      ),
      ...[...this.refunds.values()].map(
        (refund) =>
          `refund ${refund.refundId} ${texts(refund.total, refund.paid, refund.givenBack)} ${refundItemsText(refund)}`,
      ),
      ...[...this.ends].map(([outcome, count]) => `holds ${outcome} ${count}`),
    ];
  }
}

const texts = (...amounts: readonly Units18[]): string =>
  amounts.map((amount) => Units18.toText(amount)).join(' ');
