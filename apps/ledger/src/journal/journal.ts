import type { Command, Entry, Refusal } from '@app/bookkeeping';
import type { Event } from '@app/contracts';
import type { Units18 } from '@app/money';

/** One thing to decide and, where it is accepted, to record. */
export interface PostRequest {
  readonly bookId: string;
  readonly command: Command;
  /** Events for the topic `ledger.refunds.v1` that follow from the entries; they are committed together with them. */
  readonly announce?: (entries: readonly RecordedEntry[]) => readonly Event[];
}

/** An entry as it was written, with the balances after it. */
export interface RecordedEntry {
  readonly entry: Entry;
  readonly paid: Units18;
  readonly granted: Units18;
  readonly held: Units18;
}

/** What a caller needs of the entry that an event was first recorded as. */
export interface FirstResult {
  readonly version: number;
  readonly kind: string;
  readonly paid: Units18;
  readonly granted: Units18;
  readonly held: Units18;
}

/** What became of a request. */
export type Outcome =
  /** Written now; the first entry is the request's own, further ones follow from it. */
  | { readonly kind: 'recorded'; readonly entries: readonly RecordedEntry[] }
  /** Written before, by the same event with the same data: nothing was changed. */
  | { readonly kind: 'repeated'; readonly first: FirstResult }
  /** There was nothing to change. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The id of the event was used before with other data. */
  | { readonly kind: 'conflict'; readonly reason: string }
  /** Our own rules do not allow it, so a person must look at it. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * The journal: decides requests against their books and appends what it accepts.
 * The requests of one book are decided in the order in which they come. An event id is used once in a book, for ever.
 * A rejection means that nothing is known to be written, and the same requests may be handed in again.
 */
export abstract class Journal {
  /** Decides and records; outcomes come in the order of the requests, when everything is committed. */
  abstract post(requests: readonly PostRequest[]): Promise<readonly Outcome[]>;
}
