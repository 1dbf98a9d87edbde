import type { Decision } from '@app/decider';
import { Units18 } from '@app/money';
import { availableOf, type BookState } from '../src/book-state.ts';
import { Book } from '../src/book.ts';
import type { Command } from '../src/command.ts';
import type { Entry, EntryDraft } from '../src/entry.ts';
import { Instant } from '../src/instant.ts';
import type { Refusal } from '../src/refusal.ts';
import { type TotalRow, totalsOf, trialBalance } from '../src/trial-balance.ts';

/** Reads an amount of money. */
export const money = (text: string): Units18 => Units18.fromText(text);

/** Noon of a day on which nothing else happens. */
export const noon: Instant = Instant.fromText('2026-11-22T04:00:00Z');
/** An hour in microseconds. */
export const hour = 3_600_000_000;
/** Noon, and so many hours. */
export const hoursAfterNoon = (hours: number): Instant => Instant.of(noon + hours * hour);

type WithoutCause<Each> = Each extends Command ? Omit<Each, 'eventId' | 'fingerprint' | 'occurredAt'> : never;

/** A command without what every command has: its event and its time. */
export type Asked = WithoutCause<Command> & { readonly eventId?: string; readonly occurredAt?: Instant };

/** Books as the ledger keeps them: entries, heads, and stored totals that are added to entry by entry. */
export class Books {
  readonly entries: Entry[] = [];
  readonly #books = new Map<string, Book>();
  readonly #totals = new Map<string, TotalRow>();
  #events = 0;

  book(bookId: string): Book {
    const known = this.#books.get(bookId);
    if (known !== undefined) return known;
    const book = Book.open(bookId);
    this.#books.set(bookId, book);
    return book;
  }

  state(bookId: string): BookState {
    return this.book(bookId).state;
  }

  all(): BookState[] {
    return [...this.#books.values()].map((book) => book.state);
  }

  decide(bookId: string, asked: Asked): Decision<EntryDraft, Refusal> {
    this.#events += 1;
    const eventId = `event-${this.#events.toString()}`;
    const cause = { eventId, fingerprint: `fingerprint-of-${asked.eventId ?? eventId}`, occurredAt: noon };
    return this.book(bookId).decide({ ...cause, ...asked });
  }

  /** Decides and records. Throws where the command is refused. */
  post(bookId: string, asked: Asked): readonly Entry[] {
    const decision = this.decide(bookId, asked);
    if (!decision.accepted) throw new Error(`refused: ${decision.refusal.code}`);
    const stamp = { recordedAt: hoursAfterNoon(1), accountingDate: '2026-11-22' };
    return decision.events.map((draft) => {
      const entry = this.book(bookId).record(draft, stamp);
      this.entries.push(entry);
      this.#addTotals(entry);
      return entry;
    });
  }

  refusal(bookId: string, asked: Asked): Refusal {
    const decision = this.decide(bookId, asked);
    if (decision.accepted) throw new Error('accepted');
    return decision.refusal;
  }

  /** The trial balance from heads and stored totals. */
  trialBalance() {
    return trialBalance({ heads: this.all(), totals: this.#totals.values() });
  }

  /** The balances of a wallet as text. */
  wallet(bookId: string) {
    const state = this.state(bookId);
    const { paid, granted, held } = state;
    return {
      paid: Units18.toText(paid),
      granted: Units18.toText(granted),
      held: Units18.toText(held),
      available: Units18.toText(availableOf(state)),
    };
  }

  /** The balance of each account over all books: positive on the debit side. */
  balances(): Record<string, string> {
    const lines = this.trialBalance().lines.map(({ account, debit, credit }) => [
      account,
      Units18.toText(Units18.subtract(debit, credit)),
    ]);
    return Object.fromEntries(lines) as Record<string, string>;
  }

  #addTotals(entry: Entry): void {
    for (const row of totalsOf([entry])) {
      const key = `${row.account} ${row.currency}`;
      const before = this.#totals.get(key);
      const debit = Units18.add(before?.debit ?? Units18.zero, row.debit);
      const credit = Units18.add(before?.credit ?? Units18.zero, row.credit);
      this.#totals.set(key, { account: row.account, currency: row.currency, debit, credit });
    }
  }
}
