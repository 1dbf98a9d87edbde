import { log, metrics, RepeatedJob } from '@app/observability';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { PaymentChannels } from '../channels/payment-channel.ts';
import { Clock } from '../clock.ts';
import { Breaks } from './break.store.ts';
import { Books } from './ledger-books.client.ts';
import { ReconcileDayHandler } from './reconcile-day.handler.ts';
import { Reconciliations } from './reconciliation.store.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Providers give the bills of a day out from ten in the morning after; we leave them half an hour. */
const readyAfterMs = 34.5 * hourMs;
/** For so long the ledger is asked again whether its clearing account equals the provider's balance. */
const clearingDays = 31;
const beijingOffsetMs = 8 * hourMs;

const open = metrics.gauge({
  name: 'payments_reconciliation_breaks_open',
  help: 'Differences between a provider’s bills and our books that nobody has resolved, by class.',
  labels: ['channel', 'class'],
});
const oldest = metrics.gauge({
  name: 'payments_reconciliation_oldest_break_seconds',
  help: 'Age of the oldest unresolved difference.',
});
const behind = metrics.gauge({
  name: 'payments_reconciliation_days_behind',
  help: 'Days whose bills could have been compared and were not.',
  labels: ['channel'],
});
const difference = metrics.gauge({
  name: 'payments_clearing_difference',
  help: 'The ledger’s clearing account less the provider’s balance, at the end of the newest compared day.',
  labels: ['channel'],
});

/** How often it is looked whether a day can be compared. */
export class ReconcileRhythm {
  constructor(readonly everyMs: number) {}
}

/** Compares every day that is over, in order, and asks the ledger whether its clearing accounts say the same. */
@Injectable()
export class ReconcileJob extends RepeatedJob {
  constructor(
    private readonly channels: PaymentChannels,
    private readonly days: ReconcileDayHandler,
    private readonly reconciliations: Reconciliations,
    private readonly breaks: Breaks,
    private readonly books: Books,
    private readonly clock: Clock,
    rhythm: ReconcileRhythm,
  ) {
    super({ everyMs: rhythm.everyMs, failure: 'The days could not be compared' });
  }

  protected async round(ending: AbortSignal): Promise<void> {
    for (const channel of this.channels.codes()) {
      await this.catchUp(channel, ending);
      behind.set({ channel }, await this.daysBehind(channel));
    }
    await this.compareClearing();
    await this.showBreaks();
  }

  /** A day that cannot be compared now holds back the days after it: their opening balance is its closing one. */
  private async catchUp(channel: string, ending: AbortSignal): Promise<void> {
    for (;;) {
      const day = await this.reconciliations.nextDay(channel, this.today());
      if (day === undefined || ending.aborted || this.daysSinceReady(day) === 0) return;
      try {
        await this.days.reconcile(channel, day, 'payments');
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        log().warn({ channel, day, detail: error.message }, 'A day could not be compared yet');
        return;
      }
    }
  }

  private async daysBehind(channel: string): Promise<number> {
    const next = await this.reconciliations.nextDay(channel, this.today());
    return next === undefined ? 0 : this.daysSinceReady(next);
  }

  /** How many days' bills could be here from this day on; 0 where this day's cannot. */
  private daysSinceReady(day: string): number {
    const readyAt = new Date(`${day}T00:00:00+08:00`).getTime() + readyAfterMs;
    return Math.max(0, Math.floor((this.clock.now().getTime() - readyAt) / dayMs) + 1);
  }

  private today(): string {
    return new Date(this.clock.now().getTime() + beijingOffsetMs).toISOString().slice(0, 10);
  }

  /** The ledger hears of fees by Kafka, a little later: it is asked until it says the same, and the difference is shown. */
  private async compareClearing(): Promise<void> {
    const from = new Date(this.clock.now().getTime() + beijingOffsetMs - clearingDays * dayMs);
    for (const { channel, day, currency } of await this.reconciliations.unequal(
      from.toISOString().slice(0, 10),
    )) {
      const clearing = await this.books.clearingOf(channel, currency, day);
      if (clearing !== undefined) await this.reconciliations.saveClearing(channel, day, clearing);
    }
    for (const one of await this.reconciliations.clearingDifferences())
      difference.set({ channel: one.channel }, Number(one.difference));
  }

  private async showBreaks(): Promise<void> {
    const queue = await this.breaks.queue(this.clock.now());
    open.reset();
    for (const { channel, class: kind, count } of queue) open.set({ channel, class: kind }, count);
    oldest.set(Math.max(0, ...queue.map(({ oldestSeconds }) => oldestSeconds)));
  }
}
