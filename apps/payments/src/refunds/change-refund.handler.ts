import { type Event, topics } from '@app/contracts';
import { invariant } from '@app/decider';
import {
  refund,
  type Refund,
  type RefundCommand,
  type RefundEvent,
  type RefundItem,
  type RefundItemEvent,
  type RefundRefusal,
} from '@app/funding';
import { log, metrics } from '@app/observability';
import { Outbox, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { Payouts } from '../bank/payout.store.ts';
import { Clock } from '../clock.ts';
import { nextItemLook } from './look-schedule.ts';
import { itemFailed, itemPaid } from './refund-news.ts';
import { Refunds } from './refund.store.ts';
import { RefundedTopUps } from './refunded-top-up.store.ts';

const refusals = metrics.counter({
  name: 'payments_refund_news_refused_total',
  help: 'What was learnt of a refund and contradicts our books, by code; each needs a person.',
  labels: ['code'],
});

/** What a refund may be told after it was requested. */
export type RefundNews = Exclude<RefundCommand, { type: 'RequestRefund' }>;

/** What telling it came to. */
export type RefundChange =
  | { readonly kind: 'changed'; readonly state: Refund; readonly events: readonly RefundEvent[] }
  | { readonly kind: 'refused'; readonly refusal: RefundRefusal }
  | { readonly kind: 'unknown-refund' };

/** The one place where a refund changes: locked, decided, written, and told, in one transaction. */
@Injectable()
export class ChangeRefundHandler {
  constructor(
    private readonly refunds: Refunds,
    private readonly topUps: RefundedTopUps,
    private readonly payouts: Payouts,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Applies news of a refund. News that is known changes nothing; news against our books is refused and called out. */
  async apply(tx: Tx, refundId: string, news: RefundNews): Promise<RefundChange> {
    const before = await this.refunds.lock(tx, refundId);
    if (!before) return { kind: 'unknown-refund' };
    const decision = refund.decide(news, before.state);
    if (!decision.accepted) {
      // Whoever asked took the item for half a minute only: without a next look it would be asked about without end.
      const isKnown = decision.refusal.code !== 'unknown-item';
      if (news.type === 'RecordItemOutcome' && isKnown) await this.lookAgain(tx, before.state, news.itemId);
      return refused(refundId, decision.refusal);
    }
    const { events } = decision;
    const state = events.reduce<Refund | undefined>((so, event) => refund.evolve(so, event), before.state);
    invariant(state !== undefined, 'a refund never vanishes');
    for (const event of events) await this.write(tx, state, event);
    if (state.status !== before.state.status) await this.refunds.saveStatus(tx, state);
    if (events.length === 0 && news.type === 'RecordItemOutcome')
      await this.lookAgain(tx, state, news.itemId);
    return { kind: 'changed', state, events };
  }

  private async write(tx: Tx, state: Refund, event: RefundEvent): Promise<void> {
    if (event.type === 'RefundReserved') return this.reserve(tx, state);
    // What these two change stands in the refund's own row.
    if (event.type === 'RefundRequested' || event.type === 'RefundRefused') return;
    await this.writeItem(tx, state, event);
  }

  private async reserve(tx: Tx, state: Refund): Promise<void> {
    const now = this.clock.now();
    await this.refunds.insertItems(tx, state, { createdAt: now, checkAt: now });
    for (const item of state.items) await this.topUps.reserve(tx, state.customerId, item);
  }

  private async writeItem(tx: Tx, state: Refund, event: RefundItemEvent): Promise<void> {
    const item = itemOf(state, event.itemId);
    const now = this.clock.now();
    const hasEnded = event.type === 'RefundItemPaid' || event.type === 'RefundItemFailed';
    const checkAt = nextItemLook({ status: item.status, checks: 0 }, now);
    await this.refunds.saveItem(tx, item, { checks: 0, checkAt, endedAt: hasEnded ? now : undefined });
    if (event.type === 'RefundItemPaid') {
      await this.topUps.paid(tx, item);
      await this.withdrawPayout(tx, item.itemId);
      await this.tell(tx, itemPaid(state, item, event));
    } else if (event.type === 'RefundItemFailed') {
      await this.topUps.failed(tx, item);
      await this.tell(tx, itemFailed(state, item, event));
    }
  }

  /** Its provider has paid it after all. A payout that the bank may already have would pay it twice: people must stop it there. */
  private async withdrawPayout(tx: Tx, itemId: string): Promise<void> {
    const filed = await this.payouts.withdraw(tx, itemId);
    if (filed === undefined) return;
    refusals.inc({ code: 'paid-while-payout-filed' });
    log().error({ itemId, payout: filed }, 'A refund was paid by its provider while its payout is in a file');
  }

  private async lookAgain(tx: Tx, state: Refund, itemId: string): Promise<void> {
    const item = itemOf(state, itemId);
    const checks = (await this.refunds.checksOf(tx, itemId)) + 1;
    const checkAt = nextItemLook({ status: item.status, checks }, this.clock.now());
    await this.refunds.saveItem(tx, item, { checks, checkAt, endedAt: undefined });
  }

  private tell(tx: Tx, event: Event): Promise<void> {
    return this.outbox.add(tx, topics.refunds.name, [event]);
  }
}

function itemOf({ items }: Refund, itemId: string): RefundItem {
  const item = items.find((candidate) => candidate.itemId === itemId);
  invariant(item !== undefined, 'an event of an item has its item');
  return item;
}

function refused(refundId: string, refusal: RefundRefusal): RefundChange {
  refusals.inc({ code: refusal.code });
  log().error({ refundId, refusal }, 'News of a refund contradicts the books and was not applied');
  return { kind: 'refused', refusal };
}
