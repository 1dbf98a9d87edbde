import {
  Instant,
  isWalletAccount,
  type AccountId,
  type Hold,
  type Lot,
  type OpenRefund,
  type Posting,
  type WaitingCharge,
} from '@app/bookkeeping';
import { invariant } from '@app/decider';
import { Units18 } from '@app/money';
import { ArrayText } from './array-text.ts';
import { partNames, parts, type PartName } from './batch-statement.ts';
import { refundItemsText, stateText } from './book-text.ts';
import type { KeptBook } from './books.store.ts';
import type { ChainedEntry, DecidedBatch } from './decide-batch.ts';

/** The parameters of the statement that writes a batch: one array for each column of each part. */
export class BatchRows {
  private readonly rows = Object.fromEntries(
    partNames.map((name) => [name, Object.keys(parts[name].columns).map(() => new ArrayText())]),
  ) as unknown as Readonly<Record<PartName, readonly ArrayText[]>>;

  constructor(private readonly codeOf: (account: AccountId) => number | undefined) {}

  /** The parts that have rows. */
  present(): PartName[] {
    return partNames.filter((name) => (this.rows[name][0]?.length ?? 0) > 0);
  }

  /** The arrays of the parts that have rows, in the order of the statement's parameters. */
  values(): string[] {
    return this.present().flatMap((name) => this.rows[name].map(String));
  }

  /** Adds all that a decided batch writes. Takes the changes out of the books. */
  add({ entries, moved }: DecidedBatch): void {
    const queuedBy = new Map<string, number>();
    for (const chained of entries) {
      this.addEntry(chained);
      const { entry } = chained;
      if (entry.kind === 'charge-waiting')
        queuedBy.set(`${entry.bookId} ${entry.memo.chargeId}`, entry.version);
    }
    for (const kept of moved) this.addBook(kept, queuedBy);
    this.addTotals(entries);
  }

  /** Adds entries that are already in a journal elsewhere, without anything that follows from them. */
  addEntries(entries: readonly ChainedEntry[]): void {
    for (const chained of entries) this.addEntry(chained);
  }

  private addEntry({ entry, paid, granted, held, canonical, previousHash, hash }: ChainedEntry): void {
    const row = this.rows.entries;
    const { postings } = entry;
    put(row, 0, entry.bookId);
    plain(row, 1, [entry.version, entry.kind]);
    put(row, 3, entry.eventId);
    plain(row, 4, [entry.fingerprint, entry.currency, postings.length]);
    this.putPosting(row, 7, postings[0]);
    this.putPosting(row, 10, postings[1]);
    plain(row, 13, [Units18.toText(paid), Units18.toText(granted), Units18.toText(held)]);
    plain(row, 16, [Instant.toText(entry.occurredAt), entry.accountingDate]);
    put(row, 18, canonical);
    plain(row, 19, [previousHash.toString('hex') + hash.toString('hex')]);
    for (let line = 2; line < postings.length; line += 1) this.addFurtherPosting(entry, line);
  }

  private putPosting(row: readonly ArrayText[], at: number, posting: Posting | undefined): void {
    if (posting === undefined) {
      for (let column = at; column < at + 3; column += 1) row[column]?.nothing();
      return;
    }
    const { debit, credit, amount } = posting;
    plain(row, at, [this.knownCodeOf(debit), this.knownCodeOf(credit), Units18.toText(amount)]);
  }

  private addFurtherPosting(entry: ChainedEntry['entry'], line: number): void {
    const row = this.rows.furtherPostings;
    put(row, 0, entry.bookId);
    plain(row, 1, [entry.version, line + 1]);
    this.putPosting(row, 3, entry.postings[line]);
  }

  /** Adds the head of a book and what changed in it, and takes the changes out of it. */
  addBook(kept: KeptBook, queuedBy: ReadonlyMap<string, number>): void {
    const { state } = kept.book;
    const { bookId } = state;
    addRow(kept.version === 0 ? this.rows.newHeads : this.rows.heads, [
      bookId,
      kept.version.toString(),
      state.version.toString(),
      kept.hash.toString('hex'),
      Units18.toText(state.paid),
      Units18.toText(state.granted),
      Units18.toText(state.held),
      stateText(state),
      state.currency,
    ]);
    const changes = kept.book.takeChanges();
    for (const [holdId, hold] of changes.holds) {
      if (typeof hold !== 'string') {
        addRow(this.rows.holds, holdRow(bookId, hold));
        continue;
      }
      addRow(this.rows.endedHolds, [bookId, holdId]);
      addRow(this.rows.holdEnds, [bookId, holdId, hold]);
    }
    for (const lot of changes.lots.values()) addRow(this.rows.lots, lotRow(bookId, lot));
    for (const refund of changes.refunds.values()) addRow(this.rows.refunds, refundRow(bookId, refund));
    for (const [chargeId, waiting] of changes.waiting) {
      const version = queuedBy.get(`${bookId} ${chargeId}`);
      if (waiting === null) addRow(this.rows.waitingEnds, [bookId, chargeId]);
      else if (version !== undefined) addRow(this.rows.waiting, waitingRow(bookId, waiting, version));
    }
  }

  /** What platform accounts were moved by, together for the whole batch: one row for each account, currency and day; and the days. */
  private addTotals(entries: readonly ChainedEntry[]): void {
    const totals = new Map<string, Total>();
    const days = new Set<string>();
    for (const { entry } of entries) {
      days.add(entry.accountingDate);
      for (const { debit, credit, amount } of entry.postings) {
        if (!isWalletAccount(debit)) totalOf(totals, debit, entry).debit += amount;
        if (!isWalletAccount(credit)) totalOf(totals, credit, entry).credit += amount;
      }
    }
    for (const day of days) addRow(this.rows.days, [day]);
    for (const { account, currency, accountingDate, debit, credit } of totals.values()) {
      const row = [this.knownCodeOf(account).toString(), currency, accountingDate];
      addRow(this.rows.totals, [
        ...row,
        Units18.toText(Units18.of(debit)),
        Units18.toText(Units18.of(credit)),
      ]);
    }
  }

  private knownCodeOf(account: AccountId): number {
    const code = this.codeOf(account);
    invariant(code !== undefined, `${account} has no code yet`);
    return code;
  }
}

interface Total {
  readonly account: AccountId;
  readonly currency: string;
  readonly accountingDate: string;
  debit: bigint;
  credit: bigint;
}

function totalOf(
  totals: Map<string, Total>,
  account: AccountId,
  { currency, accountingDate }: ChainedEntry['entry'],
): Total {
  const key = `${account} ${currency} ${accountingDate}`;
  const known = totals.get(key);
  if (known) return known;
  const total = { account, currency, accountingDate, debit: 0n, credit: 0n };
  totals.set(key, total);
  return total;
}

const holdRow = (bookId: string, hold: Hold): (string | null)[] => [
  bookId,
  hold.holdId,
  Units18.toText(hold.amount),
  Instant.toText(hold.expiresAt),
  hold.callId,
  hold.keyId,
  hold.leaseId,
  hold.budgets.length === 0
    ? '[]'
    : JSON.stringify(hold.budgets.map(({ scope, window }) => ({ scope, window }))),
];

const lotRow = (bookId: string, lot: Lot): string[] => [
  bookId,
  lot.topUpId,
  lot.channel,
  lot.openedBy.toString(),
  ...[lot.amount, lot.used, lot.refunded, lot.reserved, lot.remaining, lot.sent].map((amount) =>
    Units18.toText(amount),
  ),
];

const refundRow = (bookId: string, refund: OpenRefund): string[] => [
  bookId,
  refund.refundId,
  Units18.toText(refund.total),
  Units18.toText(refund.paid),
  Units18.toText(refund.givenBack),
  refundItemsText(refund),
];

const waitingRow = (bookId: string, waiting: WaitingCharge, queuedBy: number): (string | null)[] => [
  bookId,
  waiting.chargeId,
  waiting.keyId,
  Units18.toText(waiting.amount),
  waiting.eventId,
  Instant.toText(waiting.waitsUntil),
  queuedBy.toString(),
];

function addRow(row: readonly ArrayText[], values: readonly (string | null)[]): void {
  values.forEach((value, column) => row[column]?.any(value));
}

function put(row: readonly ArrayText[], column: number, value: string): void {
  row[column]?.any(value);
}

/** Words that need no quotes, in neighbouring columns from `at` on. */
function plain(row: readonly ArrayText[], at: number, words: readonly (string | number)[]): void {
  words.forEach((word, index) => row[at + index]?.plain(word));
}
