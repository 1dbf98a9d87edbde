import { log, metrics } from '@app/observability';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import {
  NotificationRefused,
  type PaymentChannel,
  type ProviderNews,
  type RawNotification,
} from '../channels/payment-channel.ts';
import { Clock } from '../clock.ts';
import { PayItemHandler } from '../refunds/pay-item.handler.ts';
import { ChangeRefundHandler } from '../refunds/change-refund.handler.ts';
import { Refunds } from '../refunds/refund.store.ts';
import { tradeOf } from '../top-ups/ask-provider.handler.ts';
import { ChangeTopUpHandler } from '../top-ups/change-top-up.handler.ts';
import { Notifications } from './notification.store.ts';

/** What a notification came to; the first four are acknowledged. */
export type Heard = 'applied' | 'known' | 'ignored' | 'contradicts' | 'orphan' | 'refused' | 'probe';

/** A provider gives up waiting after five seconds; nothing here may come near that. */
const statementMsMax = 3_000;

const heard = metrics.counter({
  name: 'payments_notifications_total',
  help: 'Notifications of payment providers by what they came to.',
  labels: ['channel', 'outcome'],
});
const unbelieved = metrics.counter({
  name: 'payments_notifications_refused_total',
  help: 'Notifications that proved nothing, by reason; probes are the provider’s own test of us.',
  labels: ['channel', 'reason'],
});
const creditSeconds = metrics.histogram({
  name: 'payments_credit_seconds',
  help: 'From the arrival of a notification to the committed credit.',
});

/** Hears what a provider tells: proves it, and does what follows in one transaction. Repeats are known by the order’s state. */
@Injectable()
export class HearProviderHandler {
  constructor(
    private readonly database: Database,
    private readonly notifications: Notifications,
    private readonly topUps: ChangeTopUpHandler,
    private readonly refunds: Refunds,
    private readonly refundChanges: ChangeRefundHandler,
    private readonly items: PayItemHandler,
    private readonly clock: Clock,
  ) {}

  async hear(channel: PaymentChannel, raw: RawNotification): Promise<Heard> {
    const news = believed(channel, raw);
    if (news instanceof NotificationRefused) return refused(channel, news);
    const outcome = await this.database.transaction(async (tx) => {
      await tx.query(`SET LOCAL statement_timeout = ${String(statementMsMax)}`);
      const { result, subjectId } = await this.apply(tx, news);
      await this.notifications.keep(tx, {
        channel: channel.code,
        news,
        subjectId,
        outcome: result,
        body: raw.body,
      });
      return result;
    });
    heard.inc({ channel: channel.code, outcome });
    if (outcome === 'applied') creditSeconds.observe((Date.now() - raw.receivedAt.getTime()) / 1000);
    if (outcome === 'orphan')
      log().error({ news }, 'A proven notification speaks of something we do not know');
    return outcome;
  }

  private async apply(tx: Tx, news: ProviderNews): Promise<{ result: Heard; subjectId?: string }> {
    switch (news.kind) {
      case 'ignored':
        return { result: 'ignored' };
      case 'payment':
        return { result: await this.applyPayment(tx, news), subjectId: news.trade.number };
      case 'refund':
        return this.applyRefund(tx, news);
      case 'refund-hint':
        return this.applyHint(tx, news);
    }
  }

  private async applyPayment(tx: Tx, { trade }: Extract<ProviderNews, { kind: 'payment' }>): Promise<Heard> {
    const change = await this.topUps.apply(tx, trade.number, { type: 'RecordTrade', trade: tradeOf(trade) });
    if (!change) return 'orphan';
    return change.events.length > 0 ? 'applied' : 'known';
  }

  /** The item is looked at now instead of later: only a query tells how much was paid. */
  private async applyHint(
    tx: Tx,
    { number, ours }: Extract<ProviderNews, { kind: 'refund-hint' }>,
  ): Promise<{ result: Heard; subjectId?: string }> {
    const found = await this.refunds.refundOfItem({ number }, tx);
    if (!found || !ours) return { result: 'orphan' };
    const isDue = await this.refunds.lookNow(tx, found.itemId, this.clock.now());
    return { result: isDue ? 'applied' : 'known', subjectId: found.itemId };
  }

  private async applyRefund(
    tx: Tx,
    { refund, ours }: Extract<ProviderNews, { kind: 'refund' }>,
  ): Promise<{ result: Heard; subjectId?: string }> {
    // By this transaction's own connection: a second one for each would starve a burst of notifications.
    const found = await this.refunds.refundOfItem({ number: refund.number }, tx);
    if (!found || !ours) return { result: 'orphan' };
    const { refundId, itemId } = found;
    const outcome = this.items.outcomeOf(refund);
    const change = await this.refundChanges.apply(tx, refundId, {
      type: 'RecordItemOutcome',
      itemId,
      outcome,
    });
    return { result: change.kind === 'refused' ? 'contradicts' : 'applied', subjectId: itemId };
  }
}

function believed(channel: PaymentChannel, raw: RawNotification): ProviderNews | NotificationRefused {
  try {
    return channel.read(raw);
  } catch (error) {
    if (error instanceof NotificationRefused) return error;
    throw error;
  }
}

function refused({ code: channel }: PaymentChannel, { reason, message }: NotificationRefused): Heard {
  unbelieved.inc({ channel, reason });
  if (reason === 'probe') return 'probe';
  log().warn({ channel, reason, detail: message.slice(0, 300) }, 'A notification proved nothing');
  return 'refused';
}
