import { Units18 } from '@app/money';
import {
  type AccountId,
  findAccountFamily,
  grantedAccount,
  isWalletAccount,
  paidAccount,
} from './account.ts';
import { type AccountSum, availableOf, type BookState, isPlatformBook } from './book-state.ts';
import type { Entry } from './entry.ts';
import { snapshotOf } from './snapshot.ts';
import { type TotalRow, trialBalance } from './trial-balance.ts';

/** The rules that hold in every book and over all books; a break is a bug, and an alert. */
export type Rule =
  | 'trial-balance-is-zero'
  | 'balance-is-sum-of-postings'
  | 'account-is-not-overdrawn'
  | 'available-is-not-negative'
  | 'held-is-sum-of-holds'
  | 'lot-adds-up'
  | 'lots-remain-what-is-paid'
  | 'pending-is-sum-of-open-refunds'
  | 'charge-is-collected-and-uncollected'
  | 'rebuilt-is-live';

/** A rule that does not hold, where, and by which figures. */
export interface Break {
  readonly rule: Rule;
  /** A book, or `*` for all books together. */
  readonly bookId: string;
  readonly detail: string;
}

/** Checks one book by itself. */
export function breaksOfBook(book: BookState): Break[] {
  return [...breaksOfBalances(book), ...breaksOfHolds(book), ...breaksOfLots(book), ...breaksOfRefunds(book)];
}

/** Checks all books: each by itself, and together that the trial balance is zero and no common account overdrawn. */
export function breaksOfBooks(books: Iterable<BookState>): Break[] {
  const breaks: Break[] = [];
  const heads: BookState[] = [];
  const totals: TotalRow[] = [];
  for (const book of books) {
    breaks.push(...breaksOfBook(book));
    heads.push(book);
    for (const [account, sum] of book.sums) {
      if (!isWalletAccount(account)) totals.push({ account, currency: book.currency, ...sum });
    }
  }
  return [...breaks, ...breaksOfTotals({ heads, totals })];
}

/** Checks stored figures: heads and totals, as they lie in their tables. */
export function breaksOfTotals(figures: Parameters<typeof trialBalance>[0]): Break[] {
  const { lines, totals } = trialBalance(figures);
  const uneven = totals.filter(({ difference }) => difference !== Units18.zero);
  return [
    ...uneven.map(({ currency, difference }) =>
      found('trial-balance-is-zero', '*', `${currency}: ${difference.toString()}e-18`),
    ),
    ...lines.flatMap((line) => breaksOfOverdraft('*', line.account, line)),
  ];
}

/** Checks that a charge and its postings tell the same: charge = granted + paid + uncollected, and lots = paid. */
export function breaksOfEntry(entry: Entry): Break[] {
  if (!('lots' in entry.memo && 'charge' in entry.memo)) return [];
  const { charge, granted, paid, uncollected, lots } = entry.memo;
  const posted = Units18.sum(entry.postings.map(({ amount }) => amount));
  const parts = Units18.sum([granted, paid, uncollected]);
  const ofLots = Units18.sum(lots.map(({ amount }) => amount));
  if (charge === parts && charge === posted && paid === ofLots) return [];
  const where = `version ${entry.version.toString()}`;
  return [found('charge-is-collected-and-uncollected', entry.bookId, where)];
}

/** Compares a book that was folded from the journal with the live one. */
export function breaksOfRebuild(rebuilt: BookState, live: BookState): Break[] {
  const left = Object.entries(snapshotOf(rebuilt));
  const right = new Map(Object.entries(snapshotOf(live)) as [string, unknown][]);
  return left
    .filter(([name, value]) => textOf(value) !== textOf(right.get(name)))
    .map(([name]) => found('rebuilt-is-live', live.bookId, name));
}

function breaksOfBalances(book: BookState): Break[] {
  const { bookId, paid, granted } = book;
  const balances: readonly (readonly [AccountId, Units18])[] = isPlatformBook(bookId)
    ? []
    : [
        [paidAccount(bookId), paid],
        [grantedAccount(bookId), granted],
      ];
  const wrong = balances.filter(([account, balance]) => creditOf(book.sums.get(account)) !== balance);
  const available = availableOf(book);
  return [
    ...wrong.map(([account]) => found('balance-is-sum-of-postings', bookId, account)),
    ...[...book.sums].flatMap(([account, sum]) =>
      findAccountFamily(account)?.overdraft === 'never' ? breaksOfOverdraft(bookId, account, sum) : [],
    ),
    ...(available < 0n ? [found('available-is-not-negative', bookId, `${available.toString()}e-18`)] : []),
  ];
}

function breaksOfOverdraft(bookId: string, account: AccountId, { debit, credit }: AccountSum): Break[] {
  // The line of all wallets together stands for any one of them.
  const family = findAccountFamily(account.replace('*', 'all'));
  if (family === undefined) return [found('account-is-not-overdrawn', bookId, `${account} is no account`)];
  if (family.overdraft === 'always') return [];
  const overdrawn = family.normalSide === 'debit' ? credit > debit : debit > credit;
  return overdrawn ? [found('account-is-not-overdrawn', bookId, account)] : [];
}

function breaksOfHolds(book: BookState): Break[] {
  const held = Units18.sum([...book.holds.values()].map(({ amount }) => amount));
  return held === book.held ? [] : [found('held-is-sum-of-holds', book.bookId, `${held.toString()}e-18`)];
}

function breaksOfLots({ bookId, lots, paid }: BookState): Break[] {
  const wrong = lots.filter(
    ({ amount, used, refunded, reserved, remaining }) =>
      amount !== Units18.sum([used, refunded, reserved, remaining]),
  );
  const remaining = Units18.sum(lots.map((lot) => lot.remaining));
  return [
    ...wrong.map(({ topUpId }) => found('lot-adds-up', bookId, topUpId)),
    ...(remaining === paid ? [] : [found('lots-remain-what-is-paid', bookId, `${remaining.toString()}e-18`)]),
  ];
}

function breaksOfRefunds({ bookId, refunds, sums }: BookState): Break[] {
  const items = [...refunds.values()].flatMap((refund) => refund.items);
  const open = Units18.sum(items.map(({ amount }) => amount));
  const pending = creditOf(sums.get('refunds:pending'));
  return open === pending ? [] : [found('pending-is-sum-of-open-refunds', bookId, `${open.toString()}e-18`)];
}

function creditOf(sum: AccountSum | undefined): Units18 {
  return sum === undefined ? Units18.zero : Units18.subtract(sum.credit, sum.debit);
}

function found(rule: Rule, bookId: string, detail: string): Break {
  return { rule, bookId, detail };
}

/** One text for equal values, whatever the order of their fields. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part.toString()}n`;
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}
