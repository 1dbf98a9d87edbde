import { invariant } from '@app/decider';
import type { BookState, Lot, OpenRefund } from './book-state.ts';
import { canonicalVersion, readHashedText } from './canonical.ts';
import { FrameScan } from './canonical-scan.ts';
import { takeIn } from './effects.ts';
import { framed, id } from './memo-field.ts';
import type { Posting } from './posting.ts';
import { RepeatedCharges } from './repeated-charges.ts';
import { ChangeLog, type KnownHoldEnd, WorkingBook } from './working-book.ts';

/** Is told what was posted, possibly together for several entries of one currency and accounting date. */
export type Posted = (posting: Posting, currency: string, accountingDate: string) => void;

const changesKeptMax = 1_000;

/**
 * Folds a book from the canonical texts of its entries, to the same state as `fold` and many times faster: charges that repeat one
 * another are added up without being decoded (`RepeatedCharges`), everything else is read and taken in entry by entry.
 * It is told texts that were hashed, and looks only at what moves figures. What is not in memory at the end is what has ended: holds
 * are counted. An entry that does not follow the one before is an InvariantViolation; the fold is to be thrown away then.
 */
export class BookFold {
  /** Every lot, used up ones too, as it stands. */
  readonly lots = new Map<string, Lot>();
  /** Every refund as it stands; one without items has closed. */
  readonly refunds = new Map<string, OpenRefund>();
  /** How many holds ended in which way. */
  readonly ends = new Map<KnownHoldEnd, number>();
  private readonly book: WorkingBook;
  private readonly prefix: string;
  private run: RepeatedCharges | undefined;
  private changes = new ChangeLog();
  private scan = new FrameScan('');
  private taken = 0;
  private moved = 0;
  private last = '';

  constructor(
    readonly bookId: string,
    private readonly posted: Posted,
  ) {
    this.book = new WorkingBook(bookId);
    this.book.changes = this.changes;
    this.prefix = framed(canonicalVersion.toString()) + framed(id.encode(bookId));
  }

  /** The number of the last entry. */
  get version(): number {
    return this.taken;
  }

  /** Postings so far; those of a run of charges once it has ended. */
  get postings(): number {
    return this.moved;
  }

  /** When the last entry was recorded, as text; empty before the first. */
  get recordedAt(): string {
    return this.last;
  }

  /** Takes in the next entry: the canonical text that lies in `text` at `from` and ends before `to`. */
  take(text: string, from: number, to: number): void {
    if (this.scan.text !== text) this.scan = new FrameScan(text);
    const { scan } = this;
    scan.at = from;
    invariant(scan.passes(this.prefix), 'an entry belongs to its book, and its canonical version is known');
    scan.next();
    invariant(scan.is((this.taken + 1).toString()), `entry ${(this.taken + 1).toString()} is missing`);
    scan.next();
    const kind = scan.content();
    // The event id, its fingerprint and the currency.
    scan.skip(3);
    const sameCurrency = this.run !== undefined && scan.is(this.run.currency);
    // When it occurred and when it was recorded; texts of instants sort as instants.
    scan.skip(2);
    const recordedAt = scan.content();
    invariant(recordedAt >= this.last, 'it was recorded before the entry before');
    scan.next();
    const repeats = sameCurrency && scan.is(this.run?.accountingDate ?? '');
    if (repeats && this.run?.take(kind, scan, from))
      invariant(scan.at + 1 === to, 'an entry ends after its memo');
    else this.takeWhole(text.slice(from, to));
    this.taken += 1;
    this.last = recordedAt;
  }

  /** The book after the last entry. Nothing of the texts is kept from then on. */
  state(): BookState {
    this.endRun();
    this.gather();
    return this.book;
  }

  private takeWhole(text: string): void {
    this.endRun();
    const entry = readHashedText(text);
    this.moved += entry.postings.length;
    for (const posting of entry.postings) this.posted(posting, entry.currency, entry.accountingDate);
    takeIn(this.book, entry);
    if (this.changes.holds.size >= changesKeptMax) this.gather();
    this.run = RepeatedCharges.after(entry, this.book);
  }

  private endRun(): void {
    const { run } = this;
    if (run === undefined) return;
    this.run = undefined;
    const { charges, charge, posting, lots, budgets, settled, holds } = run.end();
    this.moved += charges;
    if (charges > 0) {
      this.book.post(posting);
      this.posted(posting, run.currency, run.accountingDate);
      this.book.useLots(lots);
      this.book.spend(budgets, charge);
      this.count('settled', settled);
    }
    for (const hold of holds) this.book.putHold(hold);
    this.book.version = this.taken;
  }

  private gather(): void {
    const { changes } = this;
    this.book.changes = this.changes = new ChangeLog();
    this.book.endedHolds.clear();
    for (const [topUpId, lot] of changes.lots) this.lots.set(topUpId, lot);
    for (const [refundId, refund] of changes.refunds) this.refunds.set(refundId, refund);
    for (const hold of changes.holds.values()) if (typeof hold === 'string') this.count(hold, 1);
  }

  private count(end: KnownHoldEnd, holds: number): void {
    if (holds > 0) this.ends.set(end, (this.ends.get(end) ?? 0) + holds);
  }
}
