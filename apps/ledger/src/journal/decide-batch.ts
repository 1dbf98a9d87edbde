import {
  canonicalText,
  type Command,
  type Entry,
  type HoldEnd,
  type Instant,
  type Lot,
} from '@app/bookkeeping';
import { InvariantViolation } from '@app/decider';
import { accountingDateOf } from './accounting-date.ts';
import type { KeptBook } from './books.store.ts';
import { entryHash } from './entry-hash.ts';
import type { FirstResult, Outcome, PostRequest, RecordedEntry } from './journal.ts';

/** An entry with what the chain adds to it. */
export interface ChainedEntry extends RecordedEntry {
  /** Printable ASCII: the bytes that are hashed and stored. */
  readonly canonical: string;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
}

/** What a batch came to, before anything is written. The books have taken the entries in. */
export interface DecidedBatch {
  readonly outcomes: Outcome[];
  readonly entries: readonly ChainedEntry[];
  /** The books that have new entries. */
  readonly moved: readonly KeptBook[];
}

/** What a decision needs beside books and requests. */
export interface Circumstances {
  readonly recordedAt: Instant;
  /** How holds ended that are not open, by `eventKey(bookId, holdId)`; those not in it were never seen. */
  readonly ended: ReadonlyMap<string, HoldEnd>;
  /** The lots that `lotsNamed` asks for, as they were before the batch, by `eventKey(bookId, topUpId)`. */
  readonly lots: ReadonlyMap<string, Lot>;
  /** What events were recorded as before, by `eventKey(bookId, eventId)`. */
  readonly known: ReadonlyMap<string, KnownEvent>;
  /** The day itself where its month is open, otherwise the first open day after it. */
  readonly openDay: (day: string) => string;
}

/** The first result of an event, and what it said. */
export interface KnownEvent extends FirstResult {
  readonly fingerprint: string;
}

/** One text for an id within a book. */
export const eventKey = (bookId: string, id: string): string => `${bookId} ${id}`;

/** The lots that a command may open again though they are used up: it can only be decided on locked books. */
export function lotsNamed(command: Command): readonly string[] {
  if (command.type === 'record-external-refund') return [command.topUpId];
  return command.type === 'correct-charge' ? command.standing.lots.map(({ topUpId }) => topUpId) : [];
}

/** Decides requests in their order and takes the entries into the books. Touches nothing else. */
export function decideBatch(
  requests: readonly PostRequest[],
  books: ReadonlyMap<string, KeptBook>,
  circumstances: Circumstances,
): DecidedBatch {
  const batch = new Batch(books, circumstances);
  const outcomes = requests.map((request) => batch.decide(request));
  return { outcomes, entries: batch.entries, moved: [...batch.moved] };
}

class Batch {
  readonly entries: ChainedEntry[] = [];
  readonly moved = new Set<KeptBook>();
  /** Events of this batch, so that a repetition within it is seen too. */
  private readonly seen = new Map<string, ChainedEntry>();

  constructor(
    private readonly books: ReadonlyMap<string, KeptBook>,
    private readonly circumstances: Circumstances,
  ) {}

  decide(request: PostRequest): Outcome {
    const { bookId, command } = request;
    const key = eventKey(bookId, command.eventId);
    const earlier = this.seen.get(key);
    const before = earlier === undefined ? this.circumstances.known.get(key) : firstResult(earlier);
    if (before) return repetition(before, command);
    const kept = this.books.get(bookId);
    if (!kept) throw new InvariantViolation(`the book ${bookId} was not loaded`);
    const decision = this.decisionOf(kept, request);
    if ('kind' in decision) return decision;
    if (!decision.accepted) return { kind: 'refused', refusal: decision.refusal };
    if (decision.events.length === 0) return { kind: 'unchanged' };
    const entries = decision.events.map((draft) =>
      this.record(kept, kept.book.record(draft, this.stamp(draft))),
    );
    const [first] = entries;
    if (first) this.seen.set(key, first);
    return { kind: 'recorded', entries };
  }

  /** A rule of ours that a command breaks concerns this command only; the book is as it was. */
  private decisionOf(kept: KeptBook, { bookId, command }: PostRequest) {
    try {
      return kept.book.decide(this.informed(kept, bookId, command));
    } catch (error) {
      if (!(error instanceof InvariantViolation)) throw error;
      return { kind: 'failed', reason: error.message } as const;
    }
  }

  /** Tells a command about a hold what became of it, and one about lots how those stand that may have ended. */
  private informed({ book }: KeptBook, bookId: string, command: Command): Command {
    if ('endedLots' in command) {
      const endedLots = lotsNamed(command).flatMap(
        (topUpId) => book.changedLot(topUpId) ?? this.circumstances.lots.get(eventKey(bookId, topUpId)) ?? [],
      );
      return { ...command, endedLots };
    }
    if (!('ended' in command) || this.circumstances.ended.size === 0) return command;
    const ended = this.circumstances.ended.get(eventKey(bookId, command.holdId));
    return ended === undefined ? command : { ...command, ended };
  }

  private stamp({ occurredAt }: { readonly occurredAt: Instant }) {
    const { recordedAt, openDay } = this.circumstances;
    return { recordedAt, accountingDate: openDay(accountingDateOf(occurredAt)) };
  }

  private record(kept: KeptBook, entry: Entry): ChainedEntry {
    const { paid, granted, held } = kept.book.state;
    const canonical = canonicalText(entry);
    const previousHash = kept.hash;
    kept.hash = entryHash(previousHash, canonical);
    this.moved.add(kept);
    const chained = { entry, paid, granted, held, canonical, previousHash, hash: kept.hash };
    this.entries.push(chained);
    return chained;
  }
}

function repetition(first: KnownEvent, command: Command): Outcome {
  if (first.fingerprint === command.fingerprint) return { kind: 'repeated', first };
  const reason = `The event ${command.eventId} was recorded before as entry ${first.version} (${first.kind}) with other data.`;
  return { kind: 'conflict', reason };
}

const firstResult = ({ entry, paid, granted, held }: RecordedEntry): KnownEvent => ({
  version: entry.version,
  kind: entry.kind,
  fingerprint: entry.fingerprint,
  paid,
  granted,
  held,
});
