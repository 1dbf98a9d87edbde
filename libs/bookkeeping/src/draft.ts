import type { Instant } from './instant.ts';
import type { Posting } from './posting.ts';

/** What every entry of a kind says before it is numbered and stamped. */
export interface DraftOf<Kind extends string, Memo> {
  readonly kind: Kind;
  /** Unique for ever within the book: the id of the event that caused the entry, or derived from it. */
  readonly eventId: string;
  /** SHA-256 over the business fields of the event; the same id with another fingerprint is a conflict. */
  readonly fingerprint: string;
  /** The currency of the book and of every amount in the entry. */
  readonly currency: string;
  /** The source's time. */
  readonly occurredAt: Instant;
  /** Balanced by construction; none where no money moves. */
  readonly postings: readonly Posting[];
  /** The facts of this kind: ids, codes and amounts, never personal data. */
  readonly memo: Memo;
}

/** What every command carries. */
export interface CommandOf<Type extends string> {
  readonly type: Type;
  readonly eventId: string;
  readonly fingerprint: string;
  /** The currency of the amounts in the command; null where it names none, then it is that of the book. */
  readonly currency: string | null;
  readonly occurredAt: Instant;
}

/** Drafts an entry that records a command. */
export function draft<const Kind extends string, Memo>(
  command: CommandOf<string>,
  book: { readonly currency: string },
  facts: { readonly kind: Kind; readonly postings: readonly Posting[]; readonly memo: Memo },
): DraftOf<Kind, Memo> {
  return {
    kind: facts.kind,
    eventId: command.eventId,
    fingerprint: command.fingerprint,
    currency: command.currency ?? book.currency,
    occurredAt: command.occurredAt,
    postings: facts.postings,
    memo: facts.memo,
  };
}
