import { type Payment, topUp, type TopUp, type TopUpRefusal } from '@app/funding';
import type { Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { Suspenses } from '../bank/suspense.store.ts';
import { Clock } from '../clock.ts';
import { Customers } from '../customers/customer.store.ts';
import type { DecidedBy, ProposedAction } from '../decisions/proposal.ts';
import { ChangeTopUpHandler, sourceOf } from './change-top-up.handler.ts';
import { PayBacks } from './pay-back.store.ts';
import { TopUps } from './top-up.store.ts';

type Resolve = Extract<ProposedAction, { kind: 'resolve-payment' }>;

/** What two people decide about a payment that credits nothing by itself: credit what was paid, or send it back. */
@Injectable()
export class ResolvePaymentHandler {
  constructor(
    private readonly topUps: TopUps,
    private readonly changes: ChangeTopUpHandler,
    private readonly suspenses: Suspenses,
    private readonly payBacks: PayBacks,
    private readonly customers: Customers,
    private readonly clock: Clock,
  ) {}

  async resolve(tx: Tx, { topUpId, providerReference, resolution }: Resolve, by: DecidedBy): Promise<void> {
    const before = await this.topUps.lock(tx, topUpId);
    const approval = { proposedBy: by.proposedBy, approvedBy: by.approvedBy };
    const command = { type: 'ResolveQuestion', providerReference, resolution, approval } as const;
    const decision = topUp.decide(command, before?.state);
    if (!decision.accepted || !before)
      throw refused(decision.accepted ? { code: 'unknown-top-up' } : decision.refusal);
    const { customerId } = before.state;
    if (resolution === 'credit' && (await this.customers.statusOf(tx, customerId)) === 'closed')
      throw closedCustomer(customerId);
    if (decision.events.length === 0) return this.again(tx, before.state, { providerReference, resolution });
    await this.changes.record(tx, before, decision.events);
    const paidBack = decision.events.find((event) => event.type === 'TopUpPaidBack');
    if (paidBack) await this.payBack(tx, before.state, paidBack.payment);
  }

  /** What the provider refused to send back lies in suspense again, and may be sent once more. */
  private async again(
    tx: Tx,
    state: TopUp,
    { providerReference, resolution }: Pick<Resolve, 'providerReference' | 'resolution'>,
  ): Promise<void> {
    const question = state.questions.find((one) => one.providerReference === providerReference);
    const times = await this.payBacks.refusedTimes(tx, state.channel, providerReference);
    if (resolution !== 'pay-back' || times === 0 || !question)
      throw refused({ code: 'already-resolved', resolution });
    await this.payBack(tx, state, question);
  }

  private async payBack(tx: Tx, { topUpId, channel }: TopUp, payment: Payment): Promise<void> {
    const { paid: amount, providerReference } = payment;
    const suspenseId = await this.suspenses.idOf(tx, sourceOf(channel, payment));
    if (suspenseId === undefined) throw notOurs;
    const isThere = await this.suspenses.take(tx, suspenseId, { as: 'returning', amount });
    if (!isThere) throw refused({ code: 'already-resolved', resolution: 'pay-back' });
    const payBack = { suspenseId, topUpId, channel, providerReference, amount };
    await this.payBacks.insert(tx, payBack, this.clock.now());
  }
}

const refused = ({ code }: TopUpRefusal): Problem =>
  new Problem({
    code: code === 'unknown-top-up' ? 'unknown-top-up' : 'conflict',
    field: 'providerReference',
    detail: `Refused: ${code.replaceAll('-', ' ')}.`,
    remedy: 'Look at the top-up and at what was proposed about it before.',
  });

const closedCustomer = (customerId: string): Problem =>
  new Problem({
    code: 'conflict',
    field: 'resolution',
    detail: `${customerId} is closed: no wallet takes the money.`,
    remedy: 'Propose pay-back.',
  });

const notOurs = new Problem({
  code: 'conflict',
  field: 'resolution',
  detail: 'The payment is not money of ours that we could send back.',
  remedy: 'Reject it at the provider.',
});
