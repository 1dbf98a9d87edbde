import { type EventOf, topics, TopUpSettled } from '@app/contracts';
import { invariant } from '@app/decider';
import {
  type Payment,
  type QuestionedPayment,
  topUp,
  type TopUp,
  type TopUpCommand,
  type TopUpEvent,
} from '@app/funding';
import { log, metrics } from '@app/observability';
import { newId, Outbox, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { suspenseAssigned, suspenseReceived } from '../bank/money-news.ts';
import { Suspenses } from '../bank/suspense.store.ts';
import { Clock } from '../clock.ts';
import { Customers } from '../customers/customer.store.ts';
import { nextLook } from './look-schedule.ts';
import { type StoredTopUp, TopUps } from './top-up.store.ts';

const questioned = metrics.counter({
  name: 'payments_questioned_total',
  help: 'Payments that credit nothing until two people decide, by reason.',
  labels: ['reason'],
});

/** What we learned of an order. */
export type TopUpNews = Exclude<TopUpCommand, { type: 'StartTopUp' | 'ResolveQuestion' }>;

/** The one place where an order changes after it was started: locked, decided, written, and told, in one transaction. */
@Injectable()
export class ChangeTopUpHandler {
  constructor(
    private readonly topUps: TopUps,
    private readonly suspenses: Suspenses,
    private readonly customers: Customers,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Applies news of an order; undefined where there is no such order. News that is known changes nothing. */
  async apply(
    tx: Tx,
    topUpId: string,
    news: TopUpNews,
  ): Promise<{ readonly events: readonly TopUpEvent[] } | undefined> {
    const before = await this.topUps.lock(tx, topUpId);
    if (!before) return undefined;
    const decision = topUp.decide(await this.withItsWorld(tx, before.state, news), before.state);
    invariant(decision.accepted, 'news of an order is never refused');
    await this.record(tx, before, decision.events);
    return decision;
  }

  /** A provider's payment credits one order, of an active customer: the core sees neither the others nor the customer, and is told. */
  private async withItsWorld(
    tx: Tx,
    { topUpId, channel, customerId }: TopUp,
    news: TopUpNews,
  ): Promise<TopUpNews> {
    if (news.type !== 'RecordTrade' || news.trade.state !== 'paid') return news;
    const { providerReference } = news.trade.payment;
    const paysAnotherOrder = await this.topUps.othersPaidBy(tx, { topUpId, channel, providerReference });
    // Of whom the gateway has not told yet, it has just let an order be made.
    const customerIsActive = ((await this.customers.statusOf(tx, customerId)) ?? 'active') === 'active';
    return { ...news, trade: { ...news.trade, paysAnotherOrder, customerIsActive } };
  }

  /** Writes down what was decided about an order that the caller has locked, and tells it. */
  async record(tx: Tx, before: StoredTopUp, events: readonly TopUpEvent[]): Promise<void> {
    const state = events.reduce<TopUp | undefined>((so, event) => topUp.evolve(so, event), before.state);
    invariant(state !== undefined, 'an order never vanishes');
    const settled = events.find((event) => event.type === 'TopUpSettled');
    const checks = state.status === before.state.status ? before.checks + 1 : 0;
    const now = this.clock.now();
    const looked = {
      status: state.status,
      hasAction: state.action !== null,
      checks,
      expiresAt: new Date(before.expiresAt),
    };
    const checkAt = nextLook(looked, now);
    if (events.length === 0 && checkAt === undefined) return;
    await this.topUps.save(tx, {
      state,
      late: settled?.late ?? before.late,
      checks,
      checkAt,
      settledAt: settled && now,
    });
    if (settled) await this.tellSettled(tx, state, settled);
    for (const event of events) {
      if (event.type === 'TopUpQuestioned') await this.suspend(tx, state, event.question);
      noticeQuestion(state, event);
    }
  }

  /** What was in suspense leaves it; what credits by its own proof comes straight in. */
  private async tellSettled(tx: Tx, state: TopUp, settled: Settled): Promise<void> {
    const { topUpId, customerId, channel } = state;
    const now = this.clock.now();
    const suspenseId = await this.suspenses.idOf(tx, sourceOf(channel, settled.payment));
    if (suspenseId === undefined)
      return this.outbox.add(tx, topics.topUps.name, [settledEvent(state, settled, now)]);
    const amount = settled.payment.paid;
    const isThere = await this.suspenses.take(tx, suspenseId, { as: 'assigned', amount });
    invariant(isThere, 'a payment is taken out of suspense once');
    const occurredAt = now.toISOString();
    const news = suspenseAssigned({ suspenseId, topUpId, customerId, channel, amount, occurredAt });
    await this.outbox.add(tx, topics.topUps.name, [news]);
  }

  /** A payment that is ours and credits nothing lies at the channel all the same: the books say so. */
  private async suspend(tx: Tx, { customerId, channel }: TopUp, question: QuestionedPayment): Promise<void> {
    if (question.reason === 'recipient-differs' || question.reason === 'pays-another-order') return;
    const { paid: amount, paidAt: occurredAt, reason } = question;
    const suspenseId = newId('sus');
    await this.suspenses.insert(tx, [
      {
        ...{ suspenseId, channel, sourceId: sourceOf(channel, question), ...amount.toJSON() },
        ...{ reason, customerId, partyName: '', partyAccount: '', receivedAt: occurredAt },
      },
    ]);
    const news = suspenseReceived({ suspenseId, channel, amount, occurredAt });
    await this.outbox.add(tx, topics.topUps.name, [news]);
  }
}

type Settled = Extract<TopUpEvent, { type: 'TopUpSettled' }>;

/** By which money in suspense is known to be a provider's payment. */
export const sourceOf = (channel: string, { providerReference }: Payment): string =>
  `${channel}:${providerReference}`;

function settledEvent(
  { topUpId, customerId, channel }: TopUp,
  { payment, late }: Settled,
  now: Date,
): EventOf<typeof TopUpSettled> {
  return {
    id: `${topUpId}:settled`,
    type: 'TopUpSettled',
    source: 'haoli/payments',
    time: now.toISOString(),
    subject: customerId,
    data: {
      topUpId,
      customerId,
      channel,
      paid: payment.paid.toJSON(),
      providerReference: payment.providerReference,
      paidAt: payment.paidAt,
      late,
    },
  };
}

function noticeQuestion({ topUpId }: TopUp, event: TopUpEvent): void {
  if (event.type !== 'TopUpQuestioned') return;
  const { reason, providerReference, paid } = event.question;
  questioned.inc({ reason });
  log().error(
    { topUpId, reason, providerReference, paid },
    'A payment credits nothing until two people decide',
  );
}
