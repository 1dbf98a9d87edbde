import {
  isWalletAccount,
  type AccountId,
  type Hold,
  type Lot,
  type OpenRefund,
  type Posting,
  type WaitingCharge,
} from '@app/bookkeeping';
import { invariant } from '@app/decider';
import { ArrayBytes } from './array-bytes.ts';
import { partNames, parts, type PartName } from './batch-statement.ts';
import { refundItemsText, stateText } from './book-text.ts';
import type { KeptBook } from './books.store.ts';
import type { ChainedEntry, DecidedBatch } from './decide-batch.ts';

/** The columns of a part. */
type Columns<Name extends PartName> = Readonly<Record<keyof (typeof parts)[Name]['columns'], ArrayBytes>>;

/** The parameters of the statement that writes a batch: one array for each column of each part. */
export class BatchRows {
  private readonly made: { [Name in PartName]?: Columns<Name> } = {};

  constructor(private readonly codeOf: (account: AccountId) => number | undefined) {}

  /** The parts that have rows. */
  present(): PartName[] {
    return partNames.filter((name) => this.made[name] !== undefined);
  }

  /** The arrays of the parts that have rows, in the order of the statement's parameters. */
  values(): Buffer[] {
    return this.present().flatMap((name) => arraysOf(this.made[name]).map((array) => array.toBuffer()));
  }

  /** Adds all that a decided batch writes, and which change of the months it was decided after. Takes the changes out of the books. */
  add({ entries, moved }: DecidedBatch, lastPeriodChange: number): void {
    const queuedBy = new Map<string, number>();
    const placed = new Set<string>();
    const raised = new Set<string>();
    for (const chained of entries) {
      this.addEntry(chained);
      const { entry } = chained;
      if (entry.kind === 'charge-waiting')
        queuedBy.set(`${entry.bookId} ${entry.memo.chargeId}`, entry.version);
      else if (entry.kind === 'hold') placed.add(`${entry.bookId} ${entry.memo.holdId}`);
      else if (entry.kind === 'extend') raised.add(`${entry.bookId} ${entry.memo.holdId}`);
    }
    for (const hold of placed) raised.delete(hold);
    for (const kept of moved) this.addBook(kept, queuedBy, raised);
    this.addTotals(entries, lastPeriodChange);
  }

  /** Adds entries that are already in a journal elsewhere, without anything that follows from them. */
  addEntries(entries: readonly ChainedEntry[]): void {
    for (const chained of entries) this.addEntry(chained);
  }

  private addEntry({ entry, paid, granted, held, canonical, previousHash, hash }: ChainedEntry): void {
    const row = this.columns('entries');
    const { postings } = entry;
    const [first, second] = postings;
    row.position.integer(row.book_id.length + 1);
    row.book_id.text(entry.bookId);
    row.version.bigint(entry.version);
    row.kind.ascii(entry.kind);
    row.event_id.text(entry.eventId);
    row.fingerprint.hex(entry.fingerprint);
    row.currency.ascii(entry.currency);
    row.posting_count.smallint(postings.length);
    this.addPosting(first, row.debit_1, row.credit_1, row.amount_1);
    this.addPosting(second, row.debit_2, row.credit_2, row.amount_2);
    row.paid.numeric(paid);
    row.granted.numeric(granted);
    row.held.numeric(held);
    row.occurred_at.timestamptz(entry.occurredAt);
    row.recorded_at.timestamptz(entry.recordedAt);
    row.accounting_date.date(entry.accountingDate);
    row.canonical.ascii(canonical);
    row.previous_hash.bytea(previousHash);
    row.hash.bytea(hash);
    for (let line = 2; line < postings.length; line += 1) this.addFurtherPosting(entry, line);
  }

  private addPosting(
    posting: Posting | undefined,
    ...columns: readonly [ArrayBytes, ArrayBytes, ArrayBytes]
  ): void {
    const [debit, credit, amount] = columns;
    if (posting === undefined) {
      for (const column of columns) column.nothing();
      return;
    }
    debit.integer(this.knownCodeOf(posting.debit));
    credit.integer(this.knownCodeOf(posting.credit));
    amount.numeric(posting.amount);
  }

  private addFurtherPosting(entry: ChainedEntry['entry'], line: number): void {
    const row = this.columns('furtherPostings');
    row.book_id.text(entry.bookId);
    row.version.bigint(entry.version);
    row.line.smallint(line + 1);
    this.addPosting(entry.postings[line], row.debit, row.credit, row.amount);
  }

  /**
   * Adds the head of a book and what changed in it, and takes the changes out of it. `raised` names the holds that have a row already;
   * all others get one.
   */
  addBook(
    kept: KeptBook,
    queuedBy: ReadonlyMap<string, number>,
    raised: ReadonlySet<string> = new Set(),
  ): void {
    this.addHead(kept);
    const { bookId } = kept.book.state;
    const changes = kept.book.takeChanges();
    for (const [holdId, hold] of changes.holds) {
      if (typeof hold === 'string') this.addHoldEnd(bookId, holdId, hold);
      else if (raised.has(`${bookId} ${holdId}`)) this.addRaisedHold(bookId, hold);
      else this.addHold(bookId, hold);
    }
    for (const lot of changes.lots.values()) this.addLot(bookId, lot);
    for (const refund of changes.refunds.values()) this.addRefund(bookId, refund);
    for (const [chargeId, waiting] of changes.waiting) {
      const version = queuedBy.get(`${bookId} ${chargeId}`);
      if (waiting === null) this.addWaitingEnd(bookId, chargeId);
      else if (version !== undefined) this.addWaiting(bookId, waiting, version);
    }
  }

  private addHead({ book: { state }, version, hash }: KeptBook): void {
    const row = this.columns(version === 0 ? 'newHeads' : 'heads');
    row.book_id.text(state.bookId);
    row.expected.bigint(version);
    row.version.bigint(state.version);
    row.hash.bytea(hash);
    row.paid.numeric(state.paid);
    row.granted.numeric(state.granted);
    row.held.numeric(state.held);
    row.state.text(stateText(state));
    row.currency.ascii(state.currency);
  }

  private addHold(bookId: string, hold: Hold): void {
    const row = this.columns('holds');
    row.book_id.text(bookId);
    row.hold_id.text(hold.holdId);
    row.amount.numeric(hold.amount);
    row.expires_at.timestamptz(hold.expiresAt);
    row.call_id.text(hold.callId);
    row.key_id.text(hold.keyId);
    row.lease_id.text(hold.leaseId);
    row.budgets.text(
      hold.budgets.length === 0
        ? '[]'
        : JSON.stringify(hold.budgets.map(({ scope, window }) => ({ scope, window }))),
    );
  }

  private addRaisedHold(bookId: string, hold: Hold): void {
    const row = this.columns('raisedHolds');
    row.book_id.text(bookId);
    row.hold_id.text(hold.holdId);
    row.amount.numeric(hold.amount);
    row.expires_at.timestamptz(hold.expiresAt);
  }

  private addHoldEnd(bookId: string, holdId: string, outcome: string): void {
    const endedHolds = this.columns('endedHolds');
    const holdEnds = this.columns('holdEnds');
    endedHolds.book_id.text(bookId);
    endedHolds.hold_id.text(holdId);
    holdEnds.book_id.text(bookId);
    holdEnds.hold_id.text(holdId);
    holdEnds.outcome.ascii(outcome);
  }

  private addLot(bookId: string, lot: Lot): void {
    const row = this.columns('lots');
    row.book_id.text(bookId);
    row.top_up_id.text(lot.topUpId);
    row.channel.text(lot.channel);
    row.opened_by.bigint(lot.openedBy);
    row.amount.numeric(lot.amount);
    row.used.numeric(lot.used);
    row.refunded.numeric(lot.refunded);
    row.reserved.numeric(lot.reserved);
    row.remaining.numeric(lot.remaining);
    row.sent.numeric(lot.sent);
  }

  private addRefund(bookId: string, refund: OpenRefund): void {
    const row = this.columns('refunds');
    row.book_id.text(bookId);
    row.refund_id.text(refund.refundId);
    row.total.numeric(refund.total);
    row.paid.numeric(refund.paid);
    row.given_back.numeric(refund.givenBack);
    row.items.text(refundItemsText(refund));
  }

  private addWaiting(bookId: string, waiting: WaitingCharge, queuedBy: number): void {
    const row = this.columns('waiting');
    row.book_id.text(bookId);
    row.charge_id.text(waiting.chargeId);
    row.key_id.text(waiting.keyId);
    row.amount.numeric(waiting.amount);
    row.event_id.text(waiting.eventId);
    row.waits_until.timestamptz(waiting.waitsUntil);
    row.queued_by.bigint(queuedBy);
  }

  private addWaitingEnd(bookId: string, chargeId: string): void {
    const row = this.columns('waitingEnds');
    row.book_id.text(bookId);
    row.charge_id.text(chargeId);
  }

  /** What platform accounts were moved by, together for the whole batch: one row for each account, currency and day; and the days. */
  private addTotals(entries: readonly ChainedEntry[], lastPeriodChange: number): void {
    const totals = new Map<string, Total>();
    const days = new Set<string>();
    for (const { entry } of entries) {
      days.add(entry.accountingDate);
      for (const { debit, credit, amount } of entry.postings) {
        if (!isWalletAccount(debit)) totalOf(totals, debit, entry).debit += amount;
        if (!isWalletAccount(credit)) totalOf(totals, credit, entry).credit += amount;
      }
    }
    for (const day of days) {
      const row = this.columns('days');
      row.day.date(day);
      row.last_change_known.bigint(lastPeriodChange);
    }
    for (const { account, currency, accountingDate, debit, credit } of totals.values()) {
      const row = this.columns('totals');
      row.account.integer(this.knownCodeOf(account));
      row.currency.ascii(currency);
      row.accounting_date.date(accountingDate);
      row.debit.numeric(debit);
      row.credit.numeric(credit);
    }
  }

  /** The columns of a part, which has rows from now on. */
  private columns<Name extends PartName>(name: Name): Columns<Name> {
    return (this.made[name] ??= columnsOf(name) as never);
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

const columnsOf = (name: PartName): Readonly<Record<string, ArrayBytes>> =>
  Object.fromEntries(
    Object.entries(parts[name].columns).map(([column, type]) => [column, new ArrayBytes(type)]),
  );

const arraysOf = (columns: Readonly<Record<string, ArrayBytes>> | undefined): readonly ArrayBytes[] =>
  Object.values(columns ?? {});
