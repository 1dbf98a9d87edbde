import { Instant } from '@app/bookkeeping';
import type { Event } from '@app/contracts';
import { fingerprintOf, Unprocessable } from '@app/persistence';

/** What every command takes from the event that brings it. `occurredAt` and `currency` are the business's own. */
export function commandOf(
  event: Event,
  facts: { readonly occurredAt: string; readonly currency: string | null },
) {
  return {
    eventId: event.id,
    fingerprint: fingerprintOf(event).toString('hex'),
    currency: facts.currency,
    occurredAt: Instant.fromText(facts.occurredAt),
  };
}

const usableInAccounts = /^[A-Za-z0-9_.-]{1,128}$/;

/** The book of a customer; an id that cannot stand in the name of an account is refused. */
export function bookOf(customerId: string): string {
  if (usableInAccounts.test(customerId)) return customerId;
  throw new Unprocessable('unusable-customer-id', `${customerId} cannot stand in the name of an account`);
}

const platformBook = /^platform:[a-z0-9-]{1,64}:\d{1,5}$/;

/** A book of the platform, `platform:<name>:<partition>`; another id is refused. */
export function platformBookOf(bookId: string): string {
  if (platformBook.test(bookId)) return bookId;
  throw new Unprocessable('unusable-book-id', `${bookId} is no book of the platform`);
}

/** A text that others chose, fit for the journal: printable ASCII, never empty. */
export function printableCode(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '?') || 'unknown';
}
