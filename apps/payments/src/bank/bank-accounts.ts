import { Code, CurrencyCode } from '@app/contracts';
import { Problem } from '@app/transport';
import { z } from 'zod';
import { CsvMapping } from './csv-statement.ts';

/** One of our bank accounts, as the operator writes it down. Its code is the channel's in orders and in the ledger. */
export const BankAccount = z.strictObject({
  code: Code.regex(/^bank-/, 'must begin with bank-'),
  account: z.string().regex(/^[0-9A-Z]{4,34}$/),
  accountName: z.string().min(1).max(200),
  bankName: z.string().min(1).max(200),
  currency: CurrencyCode,
  csv: CsvMapping.optional(),
  /** Under which names channels pay our money out to this account. That money is no customer's. */
  settlementPayers: z.record(z.string(), Code).default({}),
});
export type BankAccount = z.infer<typeof BankAccount>;

/** The bank accounts of this installation, and below which amount money is credited without a person. */
export class BankAccounts {
  constructor(
    readonly all: readonly BankAccount[],
    readonly automaticBelow: string,
  ) {}

  /** The account of a code; a Problem where there is none. */
  of(code: string): BankAccount {
    const found = this.all.find((account) => account.code === code);
    if (found) return found;
    throw new Problem({
      code: 'not-found',
      detail: `There is no bank account ${code.slice(0, 64)}.`,
      field: 'bank',
      remedy: `Use one of: ${this.all.map((account) => account.code).join(', ') || '(none is set up)'}.`,
    });
  }

  /** The account to which a channel pays our money out; undefined where none expects it. */
  receiving(channel: string): BankAccount | undefined {
    return this.all.find(({ settlementPayers }) => Object.values(settlementPayers).includes(channel));
  }

  has(code: string): boolean {
    return this.all.some((account) => account.code === code);
  }
}
