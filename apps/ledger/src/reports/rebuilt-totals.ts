import { isWalletAccount, type AccountId, type Entry } from '@app/bookkeeping';
import { Units18 } from '@app/money';

/** What the totals of platform accounts should be, gathered entry by entry. */
export class RebuiltTotals {
  private readonly totals = new Map<string, { debit: bigint; credit: bigint }>();

  add(entry: Entry): void {
    for (const { debit, credit, amount } of entry.postings) {
      if (!isWalletAccount(debit)) this.of(debit, entry).debit += amount;
      if (!isWalletAccount(credit)) this.of(credit, entry).credit += amount;
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

  private of(account: AccountId, { currency, accountingDate }: Entry): { debit: bigint; credit: bigint } {
    const key = `${account} ${currency} ${accountingDate}`;
    const known = this.totals.get(key);
    if (known) return known;
    const total = { debit: 0n, credit: 0n };
    this.totals.set(key, total);
    return total;
  }
}
