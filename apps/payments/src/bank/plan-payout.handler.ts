import { randomBytes } from 'node:crypto';
import type { Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import type { DecidedBy, ProposedAction } from '../decisions/proposal.ts';
import { ChangeRefundHandler } from '../refunds/change-refund.handler.ts';
import { Refunds } from '../refunds/refund.store.ts';
import { BankAccounts } from './bank-accounts.ts';
import { Companies } from './company.store.ts';
import { plainName } from './match-line.ts';
import { Payouts } from './payout.store.ts';
import { remittanceCodeOf } from './remittance-code.ts';

type PayOut = Extract<ProposedAction, { kind: 'pay-out-item' }>;

/** Plans to pay an item of a refund by bank: what came by bank, and what its channel no longer pays back. */
@Injectable()
export class PlanPayoutHandler {
  constructor(
    private readonly refunds: Refunds,
    private readonly changes: ChangeRefundHandler,
    private readonly companies: Companies,
    private readonly payouts: Payouts,
    private readonly accounts: BankAccounts,
  ) {}

  /** The item then waits for the statement's debit line. Throws a Problem where it is not one that people pay. */
  async plan(tx: Tx, { itemId, bank, payeeName, payeeAccount }: PayOut, by: DecidedBy): Promise<void> {
    this.accounts.of(bank);
    const found = await this.refunds.refundOfItem({ itemId }, tx);
    if (!found)
      throw new Problem({ code: 'unknown-refund', field: 'itemId', detail: `There is no item ${itemId}.` });
    const approval = { proposedBy: by.proposedBy, approvedBy: by.approvedBy };
    const change = await this.changes.apply(tx, found.refundId, { type: 'PlanPayout', itemId, approval });
    const item =
      change.kind === 'changed' ? change.state.items.find((one) => one.itemId === itemId) : undefined;
    if (change.kind !== 'changed' || !item || change.events.length === 0) throw notWaiting(itemId);
    await this.checkName(change.state.customerId, payeeName);
    const number = remittanceCodeOf(randomBytes(8), 'PY');
    const { amount } = item;
    const { proposalId } = by;
    await this.payouts.insert(tx, {
      ...{
        number,
        kind: 'refund-item',
        subjectId: itemId,
        bank,
        amount,
        payeeName,
        payeeAccount,
        proposalId,
      },
    });
  }

  /** Where two people have verified a name, nobody of another name is paid. */
  private async checkName(customerId: string, payeeName: string): Promise<void> {
    const { verifiedName } = await this.companies.ofCustomer(customerId);
    if (verifiedName === null || plainName(verifiedName) === plainName(payeeName)) return;
    throw new Problem({
      code: 'conflict',
      field: 'payeeName',
      detail: `The customer’s verified name is ${verifiedName}.`,
      remedy: 'Pay to an account of that name.',
    });
  }
}

const notWaiting = (itemId: string): Problem =>
  new Problem({
    code: 'wrong-status',
    field: 'itemId',
    detail: `${itemId} does not wait for a payout: it was sent, has ended, or is planned already.`,
    remedy: 'Look at the refund.',
  });
