import { topics } from '@app/contracts';
import { log } from '@app/observability';
import { Database, Outbox, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { suspenseReturned } from '../bank/money-news.ts';
import { Suspenses } from '../bank/suspense.store.ts';
import { toMinor } from '../channels/minor-units.ts';
import { type Outcome, PaymentChannels, type ProviderRefund } from '../channels/payment-channel.ts';
import { ProviderAttempts } from '../channels/provider-attempts.store.ts';
import { Clock } from '../clock.ts';
import { type KeptPayBack, PayBacks } from './pay-back.store.ts';

const minuteMs = 60_000;
const looksMs = [2_000, 10_000, minuteMs, 5 * minuteMs, 30 * minuteMs, 60 * minuteMs];

/** Sends a payment back to its payer through its channel: asked before, sent under one number, told once it has gone. */
@Injectable()
export class PayBackHandler {
  constructor(
    private readonly database: Database,
    private readonly payBacks: PayBacks,
    private readonly suspenses: Suspenses,
    private readonly attempts: ProviderAttempts,
    private readonly channels: PaymentChannels,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async handle(number: string): Promise<void> {
    const payBack = await this.payBacks.find(number);
    if (!payBack || payBack.status === 'paid' || payBack.status === 'failed') return;
    if (payBack.status === 'approved') return this.send(payBack);
    const asked = await this.ask(payBack);
    // A number that the provider has never seen is sent again as it is.
    if (asked.kind === 'ok' && asked.value === null) return this.send(payBack);
    await this.record(payBack, asked.kind === 'ok' ? asked.value : null);
  }

  private ask({ channel, number, topUpId }: KeptPayBack): Promise<Outcome<ProviderRefund | null>> {
    return this.channels.of(channel).queryRefund({ number, orderNumber: topUpId });
  }

  /** Another process may have gone on since we looked: what has ended is never sent again, whoever wakes up late. */
  private async send(payBack: KeptPayBack): Promise<void> {
    const { number, topUpId, channel, amount } = payBack;
    const attemptId = await this.database.transaction(async (tx) => {
      const now = await this.payBacks.lock(tx, number);
      if (now?.status !== payBack.status) return undefined;
      await this.payBacks.save(tx, number, { ...payBack, status: 'sent', checkAt: this.nextLook(payBack) });
      return this.attempts.prepare(tx, number, 'refund');
    });
    if (attemptId === undefined) return;
    const minor = toMinor(amount);
    const order = {
      number,
      orderNumber: topUpId,
      refund: minor,
      paid: minor,
      reason: '退回付款 / Payment returned',
    };
    const outcome = await this.channels.of(channel).refund(order);
    await this.database.transaction((tx) => this.attempts.end(tx, attemptId, outcome));
    if (outcome.kind === 'ok') return this.record({ ...payBack, status: 'sent' }, outcome.value);
    log().warn({ number, outcome }, 'A payment was not simply sent back');
    if (outcome.kind === 'unknown' || outcome.retriable) return;
    const asked = await this.ask(payBack);
    if (asked.kind === 'ok' && asked.value === null) await this.fail(number);
  }

  /** Only what the provider says has gone is gone. */
  private async record(payBack: KeptPayBack, refund: ProviderRefund | null): Promise<void> {
    if (refund?.state === 'closed') return this.fail(payBack.number);
    await this.database.transaction(async (tx) => {
      const now = await this.payBacks.lock(tx, payBack.number);
      if (now?.status !== 'sent') return;
      if (refund?.state === 'paid')
        return this.gone(tx, now, refund.endedAt ?? this.clock.now().toISOString());
      const change = { status: 'sent', checks: now.checks + 1, checkAt: this.nextLook(now) } as const;
      await this.payBacks.save(tx, now.number, change);
    });
  }

  private async gone(
    tx: Tx,
    { number, suspenseId, channel, amount }: KeptPayBack,
    occurredAt: string,
  ): Promise<void> {
    await this.payBacks.save(tx, number, {
      ...{ status: 'paid', checks: 0, checkAt: undefined, endedAt: occurredAt },
    });
    await this.suspenses.endReturn(tx, suspenseId, { arrived: true, amount });
    const news = suspenseReturned({ suspenseId, number, channel, amount, occurredAt });
    await this.outbox.add(tx, topics.topUps.name, [news]);
  }

  /** A definite no: the money stays in suspense, and people decide anew. */
  private async fail(number: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const now = await this.payBacks.lock(tx, number);
      if (now?.status !== 'sent') return;
      await this.payBacks.save(tx, number, { status: 'failed', checks: 0, checkAt: undefined });
      await this.suspenses.endReturn(tx, now.suspenseId, { arrived: false, amount: now.amount });
      log().error({ number }, 'The provider does not send a payment back');
    });
  }

  private nextLook({ checks }: KeptPayBack): Date {
    const wait = looksMs[Math.min(checks, looksMs.length - 1)] ?? minuteMs;
    return new Date(this.clock.now().getTime() + wait);
  }
}
