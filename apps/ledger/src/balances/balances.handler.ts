import { Id, InstantText } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { parsed } from '../parsed.ts';
import { BalanceStore, type Balance } from './balance.store.ts';
import { LotStore, type LotView } from './lot.store.ts';

const customersMax = 500;
const BalanceQuestion = z.object({ customerId: Id, asOf: z.union([InstantText, z.literal('')]).default('') });
const BalancesQuestion = z.object({ customerIds: z.array(Id).min(1).max(customersMax) });
const LotsQuestion = z.object({ customerId: Id });

/** Questions about wallets, whichever door they come through. */
@Injectable()
export class BalancesHandler {
  constructor(
    private readonly balances: BalanceStore,
    private readonly lots: LotStore,
  ) {}

  /** The balance now, or as it was recorded at an instant. A wallet that had no entry then is unknown. */
  async one(given: z.input<typeof BalanceQuestion>): Promise<Balance> {
    const { customerId, asOf } = parsed(BalanceQuestion, given);
    const balance =
      asOf === '' ? (await this.balances.now([customerId]))[0] : await this.balances.asOf(customerId, asOf);
    if (balance) return balance;
    throw new Problem({
      code: 'unknown-account',
      field: 'customerId',
      detail: asOf === '' ? `${customerId} has no wallet.` : `${customerId} had no wallet at ${asOf}.`,
    });
  }

  /** The balances of those customers that have a wallet. */
  several(given: z.input<typeof BalancesQuestion>): Promise<Balance[]> {
    return this.balances.now(parsed(BalancesQuestion, given).customerIds);
  }

  /** What became of each top-up of a customer, oldest first. */
  lotsOf(given: z.input<typeof LotsQuestion>): Promise<LotView[]> {
    return this.lots.ofCustomer(parsed(LotsQuestion, given).customerId);
  }
}
