import { type EventOf, topics, TopUpSettled } from '@app/contracts';
import { invariant } from '@app/decider';
import { topUp, type TopUp, type TopUpCommand, type TopUpEvent } from '@app/funding';
import { log, metrics } from '@app/observability';
import { Outbox, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.ts';
import { nextLook } from './look-schedule.ts';
import { type StoredTopUp, TopUps } from './top-up.store.ts';

const questioned = metrics.counter({
  name: 'payments_questioned_total',
  help: 'Payments that credit nothing until two people decide, by reason.',
  labels: ['reason'],
});

/** What we learned of an order. */
export type TopUpNews = Exclude<TopUpCommand, { type: 'StartTopUp' | 'ResolveReview' }>;

/** The one place where an order changes after it was started: locked, decided, written, and told, in one transaction. */
@Injectable()
export class ChangeTopUpHandler {
  constructor(
    private readonly topUps: TopUps,
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
    const decision = topUp.decide(await this.besideOthers(tx, before.state, news), before.state);
    invariant(decision.accepted, 'news of an order is never refused');
    await this.write(tx, before, decision.events);
    return decision;
  }

  /** A provider's payment credits one order: the core cannot see the others, so it is told. */
  private async besideOthers(tx: Tx, { topUpId, channel }: TopUp, news: TopUpNews): Promise<TopUpNews> {
    if (news.type !== 'RecordTrade' || news.trade.state !== 'paid') return news;
    const { providerReference } = news.trade.payment;
    const paysAnotherOrder = await this.topUps.othersPaidBy(tx, { topUpId, channel, providerReference });
    return { ...news, trade: { ...news.trade, paysAnotherOrder } };
  }

  private async write(tx: Tx, before: StoredTopUp, events: readonly TopUpEvent[]): Promise<void> {
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
    if (settled) await this.outbox.add(tx, topics.topUps.name, [settledEvent(state, settled, now)]);
    for (const event of events) noticeQuestion(state, event);
  }
}

function settledEvent(
  { topUpId, customerId, channel }: TopUp,
  { payment, late }: Extract<TopUpEvent, { type: 'TopUpSettled' }>,
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
