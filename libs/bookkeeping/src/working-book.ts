import { invariant } from '@app/decider';
import { Units18 } from '@app/money';
import { type AccountId, grantedAccount, paidAccount } from './account.ts';
import type {
  AccountSum,
  BookState,
  BudgetUse,
  BudgetWindow,
  Hold,
  HoldEnd,
  Lot,
  LotPart,
  OpenRefund,
  PlanTerms,
  WaitingCharge,
} from './book-state.ts';
import { withChange } from './budget-windows.ts';
import type { Posting } from './posting.ts';

/** How a hold that this book knew has ended. */
export type KnownHoldEnd = Exclude<HoldEnd, 'never-seen'>;

/** What changed since the changes were last taken. */
export class ChangeLog {
  readonly holds = new Map<string, Hold | KnownHoldEnd>();
  readonly lots = new Map<string, Lot>();
  readonly refunds = new Map<string, OpenRefund>();
  readonly waiting = new Map<string, WaitingCharge | null>();
}

type LotFigure = 'used' | 'refunded' | 'reserved' | 'remaining' | 'sent';

/** What moves in a lot; the figures that are not named stay. */
export type LotChange = Partial<Readonly<Record<LotFigure, bigint>>>;

const noSum: AccountSum = { debit: Units18.zero, credit: Units18.zero };

/** A book that entries change in place. What it holds is replaced, never changed, so a copy is shallow. */
export class WorkingBook implements BookState {
  readonly bookId: string;
  currency = '';
  version = 0;
  paid: Units18 = Units18.zero;
  granted: Units18 = Units18.zero;
  held: Units18 = Units18.zero;
  plan: PlanTerms | null = null;
  readonly holds = new Map<string, Hold>();
  readonly lots: Lot[] = [];
  readonly refunds = new Map<string, OpenRefund>();
  readonly waiting: WaitingCharge[] = [];
  readonly budgets = new Map<string, readonly BudgetWindow[]>();
  readonly sums = new Map<AccountId, AccountSum>();
  readonly endedHolds = new Map<string, KnownHoldEnd>();
  /** Null where nobody asks for changes. */
  changes: ChangeLog | null = null;
  readonly #paidAccount: AccountId;
  readonly #grantedAccount: AccountId;

  constructor(bookId: string) {
    this.bookId = bookId;
    this.#paidAccount = paidAccount(bookId);
    this.#grantedAccount = grantedAccount(bookId);
  }

  /** A copy that can be changed without changing the original; it keeps no record of changes. */
  static copyOf(book: BookState): WorkingBook {
    const copy = new WorkingBook(book.bookId);
    const { currency, version, paid, granted, held, plan } = book;
    Object.assign(copy, { currency, version, paid, granted, held, plan });
    copyMap(book.holds, copy.holds);
    copyMap(book.refunds, copy.refunds);
    copyMap(book.budgets, copy.budgets);
    copyMap(book.sums, copy.sums);
    copyMap(book.endedHolds, copy.endedHolds);
    copy.lots.push(...book.lots);
    copy.waiting.push(...book.waiting);
    return copy;
  }

  post({ debit, credit, amount }: Posting): void {
    const debited = this.sums.get(debit) ?? noSum;
    this.sums.set(debit, { debit: Units18.add(debited.debit, amount), credit: debited.credit });
    const credited = this.sums.get(credit) ?? noSum;
    this.sums.set(credit, { debit: credited.debit, credit: Units18.add(credited.credit, amount) });
    this.#moveWallet(debit, Units18.negate(amount));
    this.#moveWallet(credit, amount);
  }

  #moveWallet(account: AccountId, change: Units18): void {
    if (account === this.#paidAccount) this.paid = Units18.add(this.paid, change);
    else if (account === this.#grantedAccount) this.granted = Units18.add(this.granted, change);
  }

  putHold(hold: Hold): void {
    const before = this.holds.get(hold.holdId)?.amount ?? Units18.zero;
    this.#moveHeld(hold.budgets, Units18.subtract(hold.amount, before));
    this.holds.set(hold.holdId, hold);
    this.changes?.holds.set(hold.holdId, hold);
  }

  endHold(holdId: string, end: KnownHoldEnd): void {
    const hold = this.holds.get(holdId);
    invariant(hold !== undefined, `hold ${holdId} is not open`);
    this.#moveHeld(hold.budgets, Units18.negate(hold.amount));
    this.holds.delete(holdId);
    if (this.changes === null) return;
    this.changes.holds.set(holdId, end);
    this.endedHolds.set(holdId, end);
  }

  #moveHeld(budgets: readonly BudgetUse[], change: Units18): void {
    this.held = Units18.add(this.held, change);
    for (const use of budgets) this.#count(use, { spent: Units18.zero, held: change });
  }

  spend(budgets: readonly BudgetUse[], amount: Units18): void {
    for (const use of budgets) this.#count(use, { spent: amount, held: Units18.zero });
  }

  #count({ scope, window }: BudgetUse, change: Omit<BudgetWindow, 'window'>): void {
    this.budgets.set(scope, withChange(this.budgets.get(scope) ?? [], { window, ...change }));
  }

  /** Opens a lot, or puts back one that had ended, at its place by age. */
  putLot(lot: Lot): void {
    const younger = this.lots.findIndex(({ openedBy }) => openedBy > lot.openedBy);
    this.lots.splice(younger < 0 ? this.lots.length : younger, 0, lot);
    this.changes?.lots.set(lot.topUpId, lot);
  }

  openLot(lot: Pick<Lot, 'topUpId' | 'channel' | 'amount'>): void {
    const none = Units18.zero;
    const { topUpId, channel, amount } = lot;
    const figures = { used: none, refunded: none, reserved: none, remaining: amount, sent: none };
    this.putLot({ topUpId, channel, openedBy: this.version, amount, ...figures });
  }

  changeLot(topUpId: string, change: LotChange): void {
    const at = this.lots.findIndex((lot) => lot.topUpId === topUpId);
    const lot = this.lots[at];
    invariant(lot !== undefined, `lot ${topUpId} is not open`);
    const next = changed(lot, change);
    if (next.remaining === Units18.zero && next.reserved === Units18.zero) this.lots.splice(at, 1);
    else this.lots[at] = next;
    this.changes?.lots.set(topUpId, next);
  }

  /** Uses up parts of lots. */
  useLots(parts: readonly LotPart[]): void {
    for (const { topUpId, amount } of parts)
      this.changeLot(topUpId, { used: amount, remaining: Units18.negate(amount) });
  }

  putRefund(refund: OpenRefund): void {
    if (refund.items.length === 0) this.refunds.delete(refund.refundId);
    else this.refunds.set(refund.refundId, refund);
    this.changes?.refunds.set(refund.refundId, refund);
  }

  putWaiting(charge: WaitingCharge): void {
    this.waiting.push(charge);
    this.changes?.waiting.set(charge.chargeId, charge);
  }

  endWaiting(chargeId: string): void {
    const at = this.waiting.findIndex((charge) => charge.chargeId === chargeId);
    invariant(at >= 0, `charge ${chargeId} does not wait`);
    this.waiting.splice(at, 1);
    this.changes?.waiting.set(chargeId, null);
  }
}

function changed(lot: Lot, change: LotChange): Lot {
  const figure = (name: LotFigure) => (lot[name] + (change[name] ?? 0n)) as Units18;
  const next = {
    topUpId: lot.topUpId,
    channel: lot.channel,
    openedBy: lot.openedBy,
    amount: lot.amount,
    used: figure('used'),
    refunded: figure('refunded'),
    reserved: figure('reserved'),
    remaining: figure('remaining'),
    sent: figure('sent'),
  };
  invariant(
    next.used >= 0n && next.reserved >= 0n && next.remaining >= 0n && next.sent >= 0n,
    `lot ${lot.topUpId} has no more than it had`,
  );
  return next;
}

function copyMap<Key, Value>(from: ReadonlyMap<Key, Value>, to: Map<Key, Value>): void {
  for (const [key, value] of from) to.set(key, value);
}
