import { Database, newId } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { Audit } from '../decisions/audit.store.ts';
import { BankAccounts } from './bank-accounts.ts';
import { type Payout, Payouts } from './payout.store.ts';

const payoutsMax = 1_000;
const header = 'number,amount,currency,payee_name,payee_account,memo';

/** A file for the bank. The same file may be fetched again; a payout is in one file only. */
export interface PayoutFile {
  readonly fileId: string;
  readonly bank: string;
  readonly body: string;
}

/** Puts approved payouts into a file for the bank. Handing it to the bank twice is the bank's to refuse: the numbers are the same. */
@Injectable()
export class MakePayoutFileHandler {
  constructor(
    private readonly database: Database,
    private readonly payouts: Payouts,
    private readonly accounts: BankAccounts,
    private readonly audit: Audit,
  ) {}

  async make(bank: string, madeBy: string): Promise<PayoutFile> {
    this.accounts.of(bank);
    const fileId = newId('pof');
    return this.database.transaction(async (tx) => {
      const payouts = await this.payouts.takeForFile(tx, { bank, fileId, limit: payoutsMax });
      if (payouts.length === 0) throw nothingToPay(bank);
      const body = `${[header, ...payouts.map(rowOf)].join('\r\n')}\r\n`;
      await this.payouts.keepFile(tx, { fileId, bank, body, madeBy });
      await this.audit.add(tx, {
        actor: madeBy,
        action: 'make-payout-file',
        subjectId: fileId,
        detail: bank,
      });
      return { fileId, bank, body };
    });
  }

  async one(fileId: string): Promise<PayoutFile> {
    const found = await this.payouts.file(fileId);
    if (found) return found;
    throw new Problem({ code: 'not-found', field: 'fileId', detail: 'There is no such payout file.' });
  }
}

/** A name that begins like a formula must not become one in somebody's table. */
function rowOf({ number, amount, currency, payeeName, payeeAccount }: Payout): string {
  const name = `"${payeeName.replace(/^[=+\-@\t]/, '’$&').replaceAll('"', '""')}"`;
  return [number, amount, currency, name, payeeAccount, number].join(',');
}

const nothingToPay = (bank: string): Problem =>
  new Problem({ code: 'conflict', field: 'bank', detail: `No approved payout waits at ${bank}.` });
