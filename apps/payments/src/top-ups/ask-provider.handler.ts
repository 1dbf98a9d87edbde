import type { ProviderAnswer, Trade } from '@app/funding';
import { log } from '@app/observability';
import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { fromMinor, toMinor } from '../channels/minor-units.ts';
import {
  type Outcome,
  type PayAction,
  PaymentChannels,
  type ProviderTrade,
} from '../channels/payment-channel.ts';
import { ProviderAttempts } from '../channels/provider-attempts.store.ts';
import { Clock } from '../clock.ts';
import { ChangeTopUpHandler, type TopUpNews } from './change-top-up.handler.ts';
import { type StoredTopUp, TopUps } from './top-up.store.ts';

/** What the customer sees in the payment app. */
const description = 'API 充值 / API top-up';

/** Asks the provider about an order, and for it; every call that may have an effect is written down before. */
@Injectable()
export class AskProviderHandler {
  constructor(
    private readonly database: Database,
    private readonly topUps: TopUps,
    private readonly attempts: ProviderAttempts,
    private readonly channels: PaymentChannels,
    private readonly change: ChangeTopUpHandler,
    private readonly clock: Clock,
  ) {}

  /** Asks for the way to pay. The attempt was committed by the caller; the same number is one order, however often. */
  async place({ state, way, expiresAt }: StoredTopUp, attemptId: string): Promise<void> {
    const outcome = await this.channels.of(state.channel).create({
      number: state.topUpId,
      amount: toMinor(state.amount),
      description,
      expiresAt: new Date(expiresAt),
      ...way,
    });
    noticeTrouble(state.topUpId, outcome);
    await this.database.transaction(async (tx) => {
      await this.attempts.end(tx, attemptId, outcome);
      await this.change.apply(tx, state.topUpId, { type: 'RecordAnswer', answer: answerOf(outcome) });
    });
  }

  /** Finds out how an order stands and does what follows: records it, places it again, or ends it. */
  async resolve(topUpId: string): Promise<void> {
    const order = await this.topUps.find(topUpId);
    if (!order) return;
    const trade = await this.query(order);
    if (trade === undefined) {
      await this.record(topUpId, { type: 'RecordAnswer', answer: { kind: 'unknown', code: 'QUERY_FAILED' } });
      return;
    }
    const ended = new Date(order.expiresAt) <= this.clock.now();
    if (trade.state === 'not-found' && ended)
      return this.record(topUpId, { type: 'RecordTrade', trade: { state: 'closed' } });
    await this.record(topUpId, { type: 'RecordTrade', trade });
    if (trade.state === 'unpaid' && ended) return this.end(order);
    const lacksAction =
      order.state.action === null && (trade.state === 'unpaid' || trade.state === 'not-found');
    if (lacksAction) await this.place(order, await this.attempts.begin(topUpId, 'create'));
  }

  /** Closes, then asks again: a payment that was on its way wins over the closing. */
  private async end(order: StoredTopUp): Promise<void> {
    const { topUpId, channel } = order.state;
    const attemptId = await this.attempts.begin(topUpId, 'close');
    const outcome = await this.channels.of(channel).close(topUpId);
    await this.database.transaction((tx) => this.attempts.end(tx, attemptId, outcome));
    const trade = await this.query(order);
    if (trade && trade.state !== 'unpaid') await this.record(topUpId, { type: 'RecordTrade', trade });
  }

  private async query({ state }: StoredTopUp): Promise<Trade | undefined> {
    const outcome = await this.channels.of(state.channel).query(state.topUpId);
    noticeTrouble(state.topUpId, outcome);
    return outcome.kind === 'ok' ? tradeOf(outcome.value) : undefined;
  }

  private async record(topUpId: string, news: TopUpNews): Promise<void> {
    await this.database.transaction((tx) => this.change.apply(tx, topUpId, news));
  }
}

/** How an order stands at the provider, in the words of the core. */
export function tradeOf(trade: ProviderTrade | null): Trade {
  if (trade === null) return { state: 'not-found' };
  if (trade.state !== 'paid') return { state: trade.state };
  const payment = {
    providerReference: trade.reference ?? '',
    paid: fromMinor(trade.told),
    paidAt: trade.paidAt ?? '',
  };
  return { state: 'paid', payment, recipientIsOurs: trade.ours };
}

/** A no that may become a yes (throttled, wrongly configured) is not the end of the order: it is asked again. */
function answerOf(outcome: Outcome<PayAction>): ProviderAnswer {
  if (outcome.kind === 'ok') return { kind: 'ok', action: outcome.value };
  const isFinal = outcome.kind === 'failed' && !outcome.retriable;
  return { kind: isFinal ? 'failed' : 'unknown', code: outcome.code };
}

function noticeTrouble(topUpId: string, outcome: Outcome<unknown>): void {
  if (outcome.kind === 'ok') return;
  const { kind, code, message } = outcome;
  log().warn({ topUpId, outcome: kind, code, message }, 'The payment provider did not do as asked');
}
