import type { PaymentsApi } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { BankAccounts } from './bank-accounts.ts';
import { Companies } from './company.store.ts';

/** Tells a customer where to transfer and what to write: the same code for ever, so that repeated transfers work. */
@Injectable()
export class BankDetailsHandler {
  constructor(
    private readonly companies: Companies,
    private readonly accounts: BankAccounts,
  ) {}

  async of(customerId: string): Promise<PaymentsApi.BankDetails> {
    const { code, verifiedName } = await this.companies.ofCustomer(customerId);
    const accounts = this.accounts.all.map(({ bankName, accountName, account, currency }) => ({
      ...{ bankName, accountName, account, currency },
    }));
    return { remittanceCode: code, verifiedName: verifiedName ?? '', accounts };
  }
}
