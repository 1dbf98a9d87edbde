import { Units18 } from '@app/money';
import { type AccountId, isWalletAccount } from './account.ts';
import type { Entry } from './entry.ts';

/** The turnover of a platform account on one accounting date. */
export interface TotalRow {
  readonly account: AccountId;
  readonly currency: string;
  readonly debit: Units18;
  readonly credit: Units18;
}

/** A total of one accounting date, to be added to its stored row. */
export interface DatedTotalRow extends TotalRow {
  readonly accountingDate: string;
}

/** What a head row keeps of a wallet. */
export interface HeadFigures {
  readonly currency: string;
  readonly paid: Units18;
  readonly granted: Units18;
}

/** One line: an account, or all wallets together, with its balance on one side. */
export interface TrialBalanceLine {
  readonly account: AccountId;
  readonly currency: string;
  readonly debit: Units18;
  readonly credit: Units18;
}

/** Both columns of one currency. */
export interface CurrencyTotal {
  readonly currency: string;
  readonly debit: Units18;
  readonly credit: Units18;
  /** debit − credit: zero, always. */
  readonly difference: Units18;
}

/** The trial balance of all books. */
export interface TrialBalance {
  readonly lines: readonly TrialBalanceLine[];
  readonly totals: readonly CurrencyTotal[];
}

/** The line of all wallets' paid money. */
export const paidWallets: AccountId = 'wallet:*:paid';
/** The line of all wallets' granted credit. */
export const grantedWallets: AccountId = 'wallet:*:granted';

/**
 * The trial balance from stored figures: wallets from the heads of books, everything else from totals. It is made from
 * what is stored and not from postings, because postings balance by construction and would prove nothing.
 */
export function trialBalance(figures: {
  readonly heads: Iterable<HeadFigures>;
  readonly totals: Iterable<TotalRow>;
}): TrialBalance {
  const balances = new Sums();
  for (const { currency, paid, granted } of figures.heads) {
    balances.add({ account: paidWallets, currency, debit: Units18.zero, credit: paid });
    balances.add({ account: grantedWallets, currency, debit: Units18.zero, credit: granted });
  }
  for (const row of figures.totals) balances.add(row);
  const lines = balances.rows().map(onOneSide);
  return { lines, totals: columnsOf(lines) };
}

/** What a batch of entries adds to the totals of the platform's accounts: one row by account, currency and date. */
export function totalsOf(entries: Iterable<Entry>): DatedTotalRow[] {
  const byDate = new Map<string, Sums>();
  for (const { postings, currency, accountingDate } of entries) {
    const sums = byDate.get(accountingDate) ?? new Sums();
    byDate.set(accountingDate, sums);
    for (const { debit, credit, amount } of postings) {
      if (!isWalletAccount(debit))
        sums.add({ account: debit, currency, debit: amount, credit: Units18.zero });
      if (!isWalletAccount(credit))
        sums.add({ account: credit, currency, debit: Units18.zero, credit: amount });
    }
  }
  return [...byDate].flatMap(([accountingDate, sums]) =>
    sums.rows().map((row) => ({ ...row, accountingDate })),
  );
}

/** Turnovers by account and currency. */
class Sums {
  readonly #rows = new Map<string, TotalRow>();

  add({ account, currency, debit, credit }: TotalRow): void {
    const key = `${currency} ${account}`;
    const known = this.#rows.get(key);
    if (known === undefined) this.#rows.set(key, { account, currency, debit, credit });
    else {
      const sum = { debit: Units18.add(known.debit, debit), credit: Units18.add(known.credit, credit) };
      this.#rows.set(key, { account, currency, ...sum });
    }
  }

  /** In the order of currency and account. */
  rows(): TotalRow[] {
    const keyed = [...this.#rows].sort(([left], [right]) => (left < right ? -1 : 1));
    return keyed.map(([, row]) => row);
  }
}

function onOneSide({ account, currency, debit, credit }: TotalRow): TrialBalanceLine {
  const common = Units18.min(debit, credit);
  return {
    account,
    currency,
    debit: Units18.subtract(debit, common),
    credit: Units18.subtract(credit, common),
  };
}

function columnsOf(lines: readonly TrialBalanceLine[]): CurrencyTotal[] {
  const currencies = [...new Set(lines.map(({ currency }) => currency))];
  return currencies.map((currency) => {
    const own = lines.filter((line) => line.currency === currency);
    const debit = Units18.sum(own.map((line) => line.debit));
    const credit = Units18.sum(own.map((line) => line.credit));
    return { currency, debit, credit, difference: Units18.subtract(debit, credit) };
  });
}
