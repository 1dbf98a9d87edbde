import type { Event } from '@app/contracts';
import { log } from '@app/observability';
import type { KeptBook } from './books.store.ts';
import { lotsNamed } from './decide-batch.ts';
import type { Outcome, PostRequest } from './journal.ts';
import type { HoldName, LotName } from './known-events.store.ts';

/** What is announced is committed by a transaction of its own; how a lot ended is certain only while its book is locked. */
export const needsLocks = ({ announce, command }: PostRequest): boolean =>
  announce !== undefined || 'endedLots' in command;

/** The books of requests, each once, in the order in which books are locked. */
export const bookIdsOf = (requests: readonly PostRequest[]): string[] =>
  [...new Set(requests.map(({ bookId }) => bookId))].sort();

/** The holds that requests name. */
export const holdsNamed = (requests: readonly PostRequest[]): HoldName[] =>
  requests.flatMap(({ bookId, command }) => ('ended' in command ? [{ bookId, holdId: command.holdId }] : []));

/** The lots that requests name. */
export const lotsNamedBy = (requests: readonly PostRequest[]): LotName[] =>
  requests.flatMap(({ bookId, command }) => lotsNamed(command).map((topUpId) => ({ bookId, topUpId })));

/** Holds that requests name, and that are neither open nor placed by this batch: how they ended must be looked up. */
export function unknownHolds(
  requests: readonly PostRequest[],
  books: ReadonlyMap<string, KeptBook>,
): HoldName[] {
  // The book of each hold of this batch, by the hold's id; of two books that share an id, one is looked up in vain.
  const placed = new Map<string, string>();
  const unknown: HoldName[] = [];
  for (const { bookId, command } of requests) {
    if (!('ended' in command)) continue;
    const { holdId } = command;
    // A hold that is placed twice is found by its event, which the statement refuses.
    if (command.type === 'place-hold') placed.set(holdId, bookId);
    else if (books.get(bookId)?.book.state.holds.has(holdId) !== true && placed.get(holdId) !== bookId) {
      unknown.push({ bookId, holdId });
    }
  }
  return unknown;
}

/** What requests announce once they are recorded. */
export const announcements = (requests: readonly PostRequest[], outcomes: readonly Outcome[]): Event[] =>
  requests.flatMap((request, index) => {
    const outcome = outcomes[index];
    return outcome?.kind === 'recorded' ? [...(request.announce?.(outcome.entries) ?? [])] : [];
  });

/** The outcome of a request that the database refuses even alone. */
export function failure({ bookId, command }: PostRequest, error: unknown): Outcome {
  log().error({ err: error, bookId, eventId: command.eventId }, 'A request cannot be recorded');
  return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
}
