import { Units18 } from '@app/money';
import type { BookState, BudgetUse, Hold, LotPart } from './book-state.ts';
import { readHashedText } from './canonical.ts';
import type { FrameScan } from './canonical-scan.ts';
import { budgetUseMemo } from './entries/hold.ts';
import type { Entry, EntryOfKind } from './entry.ts';
import { framed, id, listOf } from './memo-field.ts';
import type { Posting } from './posting.ts';

/** What the charges of a run come to together: the same as one after the other. */
export interface RepeatedSum {
  readonly charges: number;
  readonly charge: Units18;
  /** With the sum as its amount. */
  readonly posting: Posting;
  /** None where granted credit paid. */
  readonly lots: readonly LotPart[];
  readonly budgets: readonly BudgetUse[];
  /** How many of the charges settled a hold of the run. */
  readonly settled: number;
  /** Holds of the run that are still open. */
  readonly holds: readonly Hold[];
}

type Pattern = EntryOfKind<'settle'> | EntryOfKind<'charge'>;

const budgetsField = listOf(budgetUseMemo);
const none = '1:0,';
/** Stands in for an amount; no text that is hashed has such a character. */
const hole = '\0';

/**
 * A run of charges that differ from the one before it only in ids, instants and amounts, and of the holds that they settle: nearly
 * all of a journal. They are not decoded but compared, character by character, with what the pattern would be with their amount.
 * So they move the same accounts, the same lot and the same budgets, and can be added up. Anything else ends the run.
 */
export class RepeatedCharges {
  private readonly accounts: string;
  private readonly budgets: string;
  private readonly lot: string | undefined;
  /** What stands around the amount in the end of a memo, by the length of the amount. */
  private readonly surroundings: (readonly string[])[] = [];
  private readonly open = new Map<string, { readonly amount: string; readonly canonical: string }>();
  private charge = 0n;
  private charges = 0;
  private settled = 0;

  private constructor(
    private readonly pattern: Pattern,
    private readonly posting: Posting,
  ) {
    const [lot] = pattern.memo.lots;
    this.accounts = framed(posting.debit) + framed(posting.credit);
    this.budgets = framed(budgetsField.encode(pattern.memo.budgets));
    this.lot = lot && framed(id.encode(lot.topUpId));
  }

  /** A run after this entry, which `book` has taken in; undefined where what follows it cannot be added up. */
  static after(entry: Entry, book: BookState): RepeatedCharges | undefined {
    if (entry.kind !== 'settle' && entry.kind !== 'charge') return undefined;
    const [posting, second] = entry.postings;
    if (posting === undefined || second !== undefined) return undefined;
    const { charge, granted, paid, lots, budgets } = entry.memo;
    const paidByOneLot = paid === charge && lots.length === 1;
    if (!paidByOneLot && granted !== charge) return undefined;
    // An older window of a budget goes when nothing is held in it any more, and does not come back: a sum would not see that.
    const newest = budgets.every(({ scope, window }) => book.budgets.get(scope)?.at(-1)?.window === window);
    return newest ? new RepeatedCharges(entry, posting) : undefined;
  }

  /** The currency of all entries of the run. */
  get currency(): string {
    return this.pattern.currency;
  }

  /** The accounting date of all entries of the run. */
  get accountingDate(): string {
    return this.pattern.accountingDate;
  }

  /**
   * Takes an entry of `kind` that lies at `from` and whose postings come next in `scan`. False where it is not one of the run;
   * nothing is taken then.
   */
  take(kind: string, scan: FrameScan, from: number): boolean {
    if (kind === 'hold') return this.takeHold(scan, from);
    return (kind === 'settle' || kind === 'charge') && this.takeCharge(kind, scan);
  }

  /** Ends the run. */
  end(): RepeatedSum {
    const charge = Units18.of(this.charge);
    const [lot] = this.pattern.memo.lots;
    return {
      charges: this.charges,
      charge,
      posting: { ...this.posting, amount: charge },
      lots: lot === undefined ? [] : [{ topUpId: lot.topUpId, amount: charge }],
      budgets: this.pattern.memo.budgets,
      settled: this.settled,
      holds: [...this.open.values()].flatMap(({ canonical }) => {
        const entry = readHashedText(canonical);
        return entry.kind === 'hold' ? [entry.memo] : [];
      }),
    };
  }

  private takeHold(scan: FrameScan, from: number): boolean {
    scan.next();
    if (scan.content() !== '') return false;
    scan.next();
    const to = scan.at;
    const memoEnd = scan.end;
    scan.enter();
    scan.next();
    const holdId = scan.content();
    scan.next();
    const amount = scan.content();
    // Its expiry, call, key and lease.
    scan.skip(4);
    if (!scan.passes(this.budgets) || scan.at !== memoEnd || this.open.has(holdId)) return false;
    this.open.set(holdId, { amount, canonical: scan.text.slice(from, to) });
    return true;
  }

  private takeCharge(kind: 'settle' | 'charge', scan: FrameScan): boolean {
    scan.next();
    const postingsEnd = scan.end;
    // A charge of zero has no posting.
    if (scan.start === postingsEnd) return false;
    scan.enter();
    scan.next();
    if (scan.at !== postingsEnd) return false;
    scan.enter();
    if (!scan.passes(this.accounts)) return false;
    scan.next();
    const amount = scan.content();
    scan.at = postingsEnd + 1;
    scan.next();
    const memoEnd = scan.end;
    scan.enter();
    return kind === 'settle' ? this.takeSettle(scan, amount, memoEnd) : this.takeBare(scan, amount, memoEnd);
  }

  private takeSettle(scan: FrameScan, amount: string, memoEnd: number): boolean {
    scan.next();
    const holdId = scan.content();
    // The charge, its key and its price version.
    scan.skip(3);
    scan.next();
    const held = scan.content();
    if (this.open.get(holdId)?.amount !== held || !this.endsAsPattern(scan, amount, memoEnd)) return false;
    this.open.delete(holdId);
    this.settled += 1;
    this.add(amount);
    return true;
  }

  private takeBare(scan: FrameScan, amount: string, memoEnd: number): boolean {
    // The charge, its key, its price version and the hold that was meant.
    scan.skip(4);
    if (!this.endsAsPattern(scan, amount, memoEnd)) return false;
    this.add(amount);
    return true;
  }

  /** Whether the memo goes on with: charge, granted, paid, uncollected, lots, budgets; and ends there. */
  private endsAsPattern(scan: FrameScan, amount: string, memoEnd: number): boolean {
    const around = (this.surroundings[amount.length] ??= this.surroundingsOf(amount.length));
    for (const [at, text] of around.entries())
      if ((at > 0 && !scan.passes(amount)) || !scan.passes(text)) return false;
    return scan.at === memoEnd;
  }

  private surroundingsOf(length: number): readonly string[] {
    const amount = framed(hole.repeat(length));
    const lots = this.lot === undefined ? '' : framed(this.lot + amount);
    const [granted, paid] = this.lot === undefined ? [amount, none] : [none, amount];
    return `${amount}${granted}${paid}${none}${framed(lots)}${this.budgets}`.split(hole.repeat(length));
  }

  private add(amount: string): void {
    this.charge += Units18.fromText(amount);
    this.charges += 1;
  }
}
