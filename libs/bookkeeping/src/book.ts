import { type Decision, invariant } from '@app/decider';
import type { BookState, Hold, Lot, OpenRefund, WaitingCharge } from './book-state.ts';
import type { Command } from './command.ts';
import { decide } from './decide.ts';
import { takeIn } from './effects.ts';
import type { Entry, EntryDraft, Stamp } from './entry.ts';
import type { Refusal } from './refusal.ts';
import { type BookSnapshot, restored, snapshotOf } from './snapshot.ts';
import { ChangeLog, type KnownHoldEnd, WorkingBook } from './working-book.ts';

/** What entries changed in a book since the changes were last taken; what has ended is here once, for its row. */
export interface BookChanges {
  /** Holds as they stand, or how they ended. */
  readonly holds: ReadonlyMap<string, Hold | KnownHoldEnd>;
  /** Lots as they stand, used up ones too. */
  readonly lots: ReadonlyMap<string, Lot>;
  /** Refunds as they stand; one without items has closed. */
  readonly refunds: ReadonlyMap<string, OpenRefund>;
  /** Waiting charges, or null where the wait has ended. */
  readonly waiting: ReadonlyMap<string, WaitingCharge | null>;
}

/**
 * A book that is worked on: decides against its state and takes entries in, in place, so that a command costs
 * microseconds. Whoever needs the past keeps a snapshot. Holds that ended since the changes were last taken are
 * remembered, and win over what a command says of them. A book that threw an InvariantViolation is to be thrown away.
 */
export class Book {
  readonly #book: WorkingBook;

  private constructor(book: WorkingBook) {
    this.#book = book;
  }

  /** A book without entries. */
  static open(bookId: string): Book {
    return Book.#tracked(new WorkingBook(bookId));
  }

  /** A book without entries that is only folded: it keeps no record of changes. */
  static openToFold(bookId: string): Book {
    return new Book(new WorkingBook(bookId));
  }

  static restore(snapshot: BookSnapshot): Book {
    return Book.#tracked(restored(snapshot));
  }

  static #tracked(book: WorkingBook): Book {
    book.changes = new ChangeLog();
    return new Book(book);
  }

  get state(): BookState {
    return this.#book;
  }

  decide(command: Command): Decision<EntryDraft, Refusal> {
    return decide(command, this.#book);
  }

  /** Numbers and stamps a draft that was just decided, takes it in, and gives the entry to store. */
  record(draft: EntryDraft, stamp: Stamp): Entry {
    // Field by field: a spread costs as much as the whole decision, once for every entry.
    const entry = {
      kind: draft.kind,
      eventId: draft.eventId,
      fingerprint: draft.fingerprint,
      currency: draft.currency,
      occurredAt: draft.occurredAt,
      postings: draft.postings,
      memo: draft.memo,
      bookId: this.#book.bookId,
      version: this.#book.version + 1,
      recordedAt: stamp.recordedAt,
      accountingDate: stamp.accountingDate,
    } as Entry;
    takeIn(this.#book, entry);
    return entry;
  }

  /** Takes in a stored entry; one that does not follow the last is an InvariantViolation. */
  apply(entry: Entry): void {
    takeInOrder(this.#book, entry);
  }

  /** A lot that changed since the changes were last taken, a used up one too. */
  changedLot(topUpId: string): Lot | undefined {
    return this.#book.changes?.lots.get(topUpId);
  }

  /** What changed since the last time; the shell writes these rows together with the entries. */
  takeChanges(): BookChanges {
    const { changes } = this.#book;
    if (changes === null) return new ChangeLog();
    this.#book.changes = new ChangeLog();
    this.#book.endedHolds.clear();
    return changes;
  }

  snapshot(): BookSnapshot {
    return snapshotOf(this.#book);
  }
}

/** The state after an entry. Pure: the state before stays as it is. */
export function evolve(state: BookState, entry: Entry): BookState {
  const book = WorkingBook.copyOf(state);
  takeInOrder(book, entry);
  return book;
}

/** The state of a book after its entries, in order. */
export function fold(bookId: string, entries: Iterable<Entry>): BookState {
  const book = new WorkingBook(bookId);
  for (const entry of entries) takeInOrder(book, entry);
  return book;
}

function takeInOrder(book: WorkingBook, entry: Entry): void {
  invariant(entry.bookId === book.bookId, 'an entry belongs to its book');
  invariant(entry.version === book.version + 1, 'entries follow each other without a gap');
  takeIn(book, entry);
}
