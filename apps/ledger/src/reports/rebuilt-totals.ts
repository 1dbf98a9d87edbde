import { isWalletAccount, type Posted } from '@app/bookkeeping';
import { Units18 } from '@app/money';

interface Total {
  debit: bigint;
  credit: bigint;
}

/** What the totals of platform accounts should be, gathered posting by posting. */
export class RebuiltTotals {
  /** By account, currency and accounting date. */
  readonly totals: ReadonlyMap<string, Readonly<Total>>;
  private readonly gathered = new Map<string, Total>();

  constructor() {
    this.totals = this.gathered;
  }

  /** Adds a posting, or several of one day together. */
  readonly add: Posted = ({ debit, credit, amount }, currency, accountingDate) => {
    if (!isWalletAccount(debit)) this.of(`${debit} ${currency} ${accountingDate}`).debit += amount;
    if (!isWalletAccount(credit)) this.of(`${credit} ${currency} ${accountingDate}`).credit += amount;
  };

  /** Adds totals that were gathered elsewhere. */
  addAll(totals: RebuiltTotals['totals']): void {
    for (const [key, { debit, credit }] of totals) {
      const total = this.of(key);
      total.debit += debit;
      total.credit += credit;
    }
  }

  /** The first total that is not the same in both, or undefined. */
  differenceFrom(live: ReadonlyMap<string, string>): string | undefined {
    for (const [key, { debit, credit }] of this.totals) {
      const rebuilt = `${Units18.toText(debit as Units18)} ${Units18.toText(credit as Units18)}`;
      if (live.get(key) !== rebuilt)
        return `total ${key}: live ${live.get(key) ?? 'none'}, rebuilt ${rebuilt}`;
    }
    const extra = [...live.keys()].find((key) => !this.totals.has(key));
    return extra === undefined ? undefined : `total ${extra}: live ${live.get(extra) ?? ''}, rebuilt none`;
  }

  private of(key: string): Total {
    const known = this.gathered.get(key);
    if (known) return known;
    const total = { debit: 0n, credit: 0n };
    this.gathered.set(key, total);
    return total;
  }
}
