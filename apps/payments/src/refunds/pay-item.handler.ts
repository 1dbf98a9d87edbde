import type { ItemOutcome, RefundItem } from '@app/funding';
import { log } from '@app/observability';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { fromMinor, toMinor } from '../channels/minor-units.ts';
import {
  type ChannelPolicy,
  type NewRefund,
  type Outcome,
  type PaymentChannel,
  PaymentChannels,
  type ProviderRefund,
  type RefundNumbers,
} from '../channels/payment-channel.ts';
import { ProviderAttempts } from '../channels/provider-attempts.store.ts';
import { Clock } from '../clock.ts';
import { ChangeRefundHandler } from './change-refund.handler.ts';
import { numberOfItem } from './item-number.ts';
import { Refunds } from './refund.store.ts';
import { RefundedTopUps } from './refunded-top-up.store.ts';
import { waitFor } from './refund-wait.ts';

interface Sending {
  readonly attemptId: string;
  readonly order: NewRefund;
}

/** Pays items back: sends them within the provider's rules, and finds out what became of those that are unsure. */
@Injectable()
export class PayItemHandler {
  constructor(
    private readonly database: Database,
    private readonly refunds: Refunds,
    private readonly topUps: RefundedTopUps,
    private readonly attempts: ProviderAttempts,
    private readonly channels: PaymentChannels,
    private readonly change: ChangeRefundHandler,
    private readonly clock: Clock,
  ) {}

  /** Does what is next for an item: sends it, or asks about it where it may have been sent before. */
  async handle(itemId: string): Promise<void> {
    const found = await this.refunds.refundOfItem({ itemId });
    const refund = found && (await this.refunds.find(found.refundId));
    const item = refund?.state.items.find((candidate) => candidate.itemId === itemId);
    if (!refund || !item) return;
    const { refundId } = refund.state;
    if (!this.channels.find(item.channel)) return this.leaveToPeople(refundId, item);
    if (item.status === 'created' || item.status === 'queued_funds') return this.send(refundId, item);
    await this.ask(refundId, item);
  }

  /** No machine pays back what came by bank: it waits for a payout by two people. */
  private async leaveToPeople(refundId: string, item: RefundItem): Promise<void> {
    await this.database.transaction(async (tx) => {
      if (await this.isAsItWas(tx, refundId, item)) await this.putOff(tx, item, 'people');
    });
  }

  /** Locks the refund. What another process or people made of the item since we looked is theirs to go on with. */
  private async isAsItWas(tx: Tx, refundId: string, { itemId, status }: RefundItem): Promise<boolean> {
    const refund = await this.refunds.lock(tx, refundId);
    return refund?.state.items.find((item) => item.itemId === itemId)?.status === status;
  }

  /** A number that the provider has never seen was not paid, whatever we believed, and is sent again as it is. */
  private async ask(refundId: string, item: RefundItem): Promise<void> {
    const outcome = await this.channelOf(item).queryRefund(numbersOf(item));
    if (outcome.kind !== 'ok') return this.record(refundId, item, { kind: 'unknown', code: outcome.code });
    if (outcome.value) return this.record(refundId, item, this.outcomeOf(outcome.value));
    await this.record(refundId, item, { kind: 'not-found' });
    if (item.status === 'submitting' || item.status === 'unknown')
      await this.send(refundId, { ...item, status: 'submitting' });
  }

  private async send(refundId: string, item: RefundItem): Promise<void> {
    const channel = this.channelOf(item);
    const sending = await this.prepare(refundId, item, channel.policy);
    if (!sending) return;
    const answer = await channel.refund(sending.order);
    const outcome = await this.confirmed(channel, sending.order, answer);
    if (answer.kind !== 'ok')
      log().warn({ itemId: item.itemId, answer, outcome }, 'A refund was not simply accepted');
    await this.database.transaction(async (tx) => {
      await this.attempts.end(tx, sending.attemptId, answer);
      await this.change.apply(tx, refundId, { type: 'RecordItemOutcome', itemId: item.itemId, outcome });
    });
  }

  /** Commits the attempt, or puts the item off: spacing is waited for, what the provider no longer takes waits for people. */
  private prepare(refundId: string, item: RefundItem, policy: ChannelPolicy): Promise<Sending | undefined> {
    const { itemId, topUpId, amount } = item;
    return this.database.transaction(async (tx) => {
      // The refund first and its order second, as everywhere: two that lock both can then not wait for each other.
      if (!(await this.isAsItWas(tx, refundId, item))) return undefined;
      const submitted = await this.change.apply(tx, refundId, { type: 'SubmitItem', itemId });
      if (submitted.kind !== 'changed') return undefined;
      const topUp = await this.topUps.lock(tx, topUpId);
      const now = this.clock.now();
      if (topUp === undefined) {
        await this.putOff(tx, item, 'people');
        return undefined;
      }
      const wait = waitFor(topUp, policy, { now, isFirst: item.status === 'created' });
      if (wait !== 'go') {
        await this.putOff(tx, item, wait);
        return undefined;
      }
      await this.topUps.noteSent(tx, item, now);
      const attemptId = await this.attempts.prepare(tx, itemId, 'refund');
      const order = {
        ...numbersOf(item),
        refund: toMinor(amount),
        paid: toMinor(topUp.paid),
        reason: '余额退款 / Refund of unused balance',
      };
      return { attemptId, order };
    });
  }

  /** The item stays as it was: nothing was sent. */
  private async putOff(tx: Tx, item: RefundItem, wait: Date | 'people'): Promise<void> {
    const checkAt = wait === 'people' ? undefined : wait;
    await this.refunds.saveItem(tx, item, { checks: 0, checkAt, endedAt: undefined });
    if (wait === 'people') log().warn({ itemId: item.itemId }, 'A refund item waits for a payout by people');
  }

  /** Errors of a provider are not signed: before a no gives money back to the wallet, the provider is asked again. */
  private async confirmed(
    channel: PaymentChannel,
    { number, orderNumber }: NewRefund,
    answer: Outcome<ProviderRefund>,
  ): Promise<ItemOutcome> {
    if (answer.kind === 'ok') return this.outcomeOf(answer.value);
    if (answer.kind === 'unknown') return { kind: 'unknown', code: answer.code };
    if (answer.because === 'no-funds') return { kind: 'no-funds' };
    if (answer.retriable) return { kind: 'unknown', code: answer.code };
    const asked = await channel.queryRefund({ number, orderNumber });
    if (asked.kind !== 'ok') return { kind: 'unknown', code: answer.code };
    if (asked.value) return this.outcomeOf(asked.value);
    // The money is due, only this way is shut: people pay it another way.
    if (answer.because === 'past-window') return { kind: 'abnormal', providerReference: null };
    return { kind: 'failed', code: answer.code, failedAt: this.clock.now().toISOString() };
  }

  outcomeOf({ state, reference, told, endedAt }: ProviderRefund): ItemOutcome {
    const now = this.clock.now().toISOString();
    switch (state) {
      case 'processing':
        return { kind: 'processing', providerReference: reference };
      case 'paid':
        return {
          kind: 'paid',
          providerReference: reference,
          amount: fromMinor(told),
          paidAt: endedAt ?? now,
        };
      case 'closed':
        return { kind: 'failed', code: 'closed-by-provider', failedAt: now };
      case 'abnormal':
        return { kind: 'abnormal', providerReference: reference };
    }
  }

  private async record(refundId: string, { itemId }: RefundItem, outcome: ItemOutcome): Promise<void> {
    await this.database.transaction((tx) =>
      this.change.apply(tx, refundId, { type: 'RecordItemOutcome', itemId, outcome }),
    );
  }

  private channelOf({ channel }: RefundItem): PaymentChannel {
    return this.channels.of(channel);
  }
}

const numbersOf = ({ itemId, topUpId }: RefundItem): RefundNumbers => ({
  number: numberOfItem(itemId),
  orderNumber: topUpId,
});
