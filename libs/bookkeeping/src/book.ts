import type { Decision } from '@app/decider';
import type { BookState, Hold, HoldEnd, Lot, OpenRefund, WaitingCharge } from './book-state.ts';
import type { BookSnapshot } from './snapshot.ts';
import type { Command } from './command.ts';
import type { Entry, EntryDraft, Stamp } from './entry.ts';
import type { Refusal } from './refusal.ts';

/** What entries changed in a book since the changes were last taken; what has ended is here once, for its row. */
export interface BookChanges {
  /** Holds as they stand, or how they ended. */
  readonly holds: ReadonlyMap<string, Hold | Exclude<HoldEnd, 'never-seen'>>;
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
 * remembered, and win over what a command says of them.
 */
export interface Book {
  readonly state: BookState;
  decide(command: Command): Decision<EntryDraft, Refusal>;
  /** Numbers and stamps a draft that was just decided, takes it in, and gives the entry to store. */
  record(draft: EntryDraft, stamp: Stamp): Entry;
  /** Takes in a stored entry; one that does not follow the last is an InvariantViolation. */
  apply(entry: Entry): void;
  /** What changed since the last time; the shell writes these rows together with the entries. */
  takeChanges(): BookChanges;
  snapshot(): BookSnapshot;
}

/** Opens and restores books. */
export declare const Book: {
  /** A book without entries. */
  open(bookId: string): Book;
  restore(snapshot: BookSnapshot): Book;
};

/** Decides a command against a state. Pure: the state stays as it is. */
export declare function decide(command: Command, state: BookState): Decision<EntryDraft, Refusal>;

/** The state after an entry. Pure: the state before stays as it is. */
export declare function evolve(state: BookState, entry: Entry): BookState;

/** The state of a book after its entries, in order. */
export declare function fold(bookId: string, entries: Iterable<Entry>): BookState;
