import type { AccountId } from '@app/bookkeeping';
import type { Rows } from './rows.ts';

/**
 * The small numbers that stand for account names in the journal. They are given once and never change, so they are kept.
 * A wallet's name has * for the customer: all wallets together are two codes.
 */
export class AccountCodes {
  private readonly codes = new Map<string, number>();

  /** The code of an account, or undefined where it must be made known first. */
  of(account: AccountId): number | undefined {
    return this.codes.get(formOf(account));
  }

  /** Finds the codes of accounts, and gives codes to new ones. */
  async makeKnown(database: Rows, accounts: readonly AccountId[]): Promise<void> {
    const unknown = [...new Set(accounts.map(formOf))].filter((form) => !this.codes.has(form)).sort();
    if (unknown.length === 0) return;
    await database.query(
      'INSERT INTO account (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING',
      [unknown],
    );
    const rows = await database.query<{ name: string; code: number }>(
      'SELECT name, code FROM account WHERE name = ANY($1::text[])',
      [unknown],
    );
    for (const { name, code } of rows) this.codes.set(name, code);
  }
}

/** The name of an account as the table of accounts has it. */
export function formOf(account: AccountId): string {
  return account.startsWith('wallet:') ? `wallet:*${account.slice(account.lastIndexOf(':'))}` : account;
}
