import { randomBytes } from 'node:crypto';
import { topics } from '@app/contracts';
import { Money } from '@app/money';
import { newId, Outbox, type Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.ts';
import { Customers } from '../customers/customer.store.ts';
import type { DecidedBy, ProposedAction } from '../decisions/proposal.ts';
import { TopUps } from '../top-ups/top-up.store.ts';
import { BankAccounts } from './bank-accounts.ts';
import { suspenseAssigned } from './money-news.ts';
import { Payouts } from './payout.store.ts';
import { remittanceCodeOf } from './remittance-code.ts';
import { type Suspense, Suspenses } from './suspense.store.ts';

type Assign = Extract<ProposedAction, { kind: 'assign-suspense' }>;
type SendBack = Extract<ProposedAction, { kind: 'return-suspense' }>;

/** What two people do with money that is nobody's: give it to its customer, in parts if need be, or send it back. */
@Injectable()
export class SuspenseHandler {
  constructor(
    private readonly suspenses: Suspenses,
    private readonly topUps: TopUps,
    private readonly customers: Customers,
    private readonly payouts: Payouts,
    private readonly accounts: BankAccounts,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Each part becomes a top-up of its own. */
  async assign(tx: Tx, { suspenseId, parts }: Assign): Promise<void> {
    const suspense = await this.locked(tx, suspenseId);
    const currencies = await this.customers.currencies(
      tx,
      parts.map(({ customerId }) => customerId),
    );
    const occurredAt = this.clock.now().toISOString();
    for (const { customerId, amount: text, currency } of parts) {
      if (currencies.get(customerId) !== currency) throw noWallet(customerId, currency);
      const amount = Money.of(text, currency);
      const taken =
        amount.isPositive() && (await this.suspenses.take(tx, suspenseId, { as: 'assigned', amount }));
      if (!taken) throw notThatMuch(suspense);
      const topUpId = newId('top');
      const { channel } = suspense;
      const transfer = {
        topUpId,
        customerId,
        channel,
        amount: text,
        currency,
        reference: topUpId,
        paidAt: occurredAt,
      };
      await this.topUps.insertTransfers(tx, [transfer]);
      const news = suspenseAssigned({ suspenseId, topUpId, customerId, channel, amount, occurredAt });
      await this.outbox.add(tx, topics.topUps.name, [news]);
    }
  }

  /** It leaves with the next payout file, and is over once the bank's statement says so. */
  async sendBack(tx: Tx, asked: SendBack, { proposalId }: DecidedBy): Promise<void> {
    const suspense = await this.locked(tx, asked.suspenseId);
    if (!this.accounts.has(suspense.channel)) {
      throw new Problem({
        code: 'conflict',
        field: 'suspenseId',
        detail: `It lies at ${suspense.channel}, which is no bank account.`,
        remedy: 'Pay it back through its channel: propose resolve-payment with pay-back.',
      });
    }
    const amount = Money.of(asked.amount, asked.currency);
    const taken =
      amount.isPositive() &&
      (await this.suspenses.take(tx, suspense.suspenseId, { as: 'returning', amount }));
    if (!taken) throw notThatMuch(suspense);
    await this.payouts.insert(tx, {
      ...{ number: remittanceCodeOf(randomBytes(8), 'PY'), kind: 'suspense', subjectId: suspense.suspenseId },
      ...{ bank: suspense.channel, amount, proposalId },
      ...{ payeeName: asked.payeeName, payeeAccount: asked.payeeAccount },
    });
  }

  private async locked(tx: Tx, suspenseId: string): Promise<Suspense> {
    const found = await this.suspenses.lock(tx, suspenseId);
    if (found) return found;
    throw new Problem({
      code: 'not-found',
      field: 'suspenseId',
      detail: 'There is no such money in suspense.',
    });
  }
}

const noWallet = (customerId: string, currency: string): Problem =>
  new Problem({
    code: 'unknown-customer',
    field: 'customerId',
    detail: `${customerId} has no open wallet in ${currency}.`,
    remedy: 'Name a customer whose wallet is in the currency of the money.',
  });

const notThatMuch = ({ amount, currency, assigned, returning, returned }: Suspense): Problem =>
  new Problem({
    code: 'conflict',
    field: 'amount',
    detail: `Of ${amount} ${currency}, ${assigned} is assigned, ${returning} on its way back and ${returned} returned.`,
    remedy: 'Ask for no more than is left, and for more than zero, in its currency.',
  });
