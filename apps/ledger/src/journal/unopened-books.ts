import type { Outcome } from './journal.ts';

/** How long an event waits for the book of its customer, which another topic opens. */
const patienceMs = 30_000;

/** What was posted to which book. */
interface Posted {
  readonly bookId: string;
  readonly outcome: Outcome | undefined;
}

/**
 * Topics are read side by side, so a top-up or a charge may come before the event that opens its customer's book.
 * For a while the batch is tried again; after that the customer does not exist and the event is parked.
 */
export class UnopenedBooks {
  private readonly since = new Map<string, number>();

  constructor(private readonly steadyMs: () => number = () => performance.now()) {}

  /** Throws, so that the batch comes again, where a book is missing and may still be opened. */
  check(posted: readonly Posted[]): void {
    const missing = new Set(posted.filter(({ outcome }) => isMissing(outcome)).map(({ bookId }) => bookId));
    const waiting = [...missing].filter((bookId) => this.mayStillBeOpened(bookId));
    if (waiting.length > 0) throw new Error(`The books of ${waiting.join(', ')} are not open yet.`);
    for (const bookId of missing) this.since.delete(bookId);
  }

  private mayStillBeOpened(bookId: string): boolean {
    const now = this.steadyMs();
    const since = this.since.get(bookId) ?? now;
    this.since.set(bookId, since);
    return now - since < patienceMs;
  }
}

const isMissing = (outcome: Outcome | undefined): boolean =>
  outcome?.kind === 'refused' && outcome.refusal.code === 'unknown-account';
