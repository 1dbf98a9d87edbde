import { type AmountRefusal, topUp, type TopUp, type TopUpRefusal } from '@app/funding';
import { Database, newId } from '@app/persistence';
import { Problem, type RefusalCode } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { fromMinor, toMinor } from '../channels/minor-units.ts';
import { type PaymentChannel, PaymentChannels } from '../channels/payment-channel.ts';
import { ProviderAttempts } from '../channels/provider-attempts.store.ts';
import { Clock } from '../clock.ts';
import { IdempotencyKeys } from '../idempotency.store.ts';
import { AskProviderHandler } from './ask-provider.handler.ts';
import { nextLook } from './look-schedule.ts';
import { type StoredTopUp, TopUps } from './top-up.store.ts';
import { unusual, wayOf, type WayToPay } from './way-to-pay.ts';

/** What a customer asks for, through whoever speaks for them. */
export interface StartTopUp {
  readonly customerId: string;
  readonly channel: string;
  readonly amount: string;
  readonly currency: string;
  readonly idempotencyKey: string;
  /** One of the channel's methods; its usual one where nothing is said. */
  readonly method?: string | undefined;
  readonly payer?: string | undefined;
  readonly returnUrl?: string | undefined;
}

/** How long an order may be paid, and how many of one customer's may wait for it at the same time. */
export class TopUpTerms {
  constructor(
    readonly expiresMs: number,
    readonly openMax: number,
  ) {}
}

/** Starts an order: it and the attempt are committed first, only then the provider hears of it. */
@Injectable()
export class StartTopUpHandler {
  constructor(
    private readonly database: Database,
    private readonly topUps: TopUps,
    private readonly attempts: ProviderAttempts,
    private readonly keys: IdempotencyKeys,
    private readonly channels: PaymentChannels,
    private readonly ask: AskProviderHandler,
    private readonly terms: TopUpTerms,
    private readonly clock: Clock,
  ) {}

  /** The order with the way to pay; without one where the provider has not answered yet (ask for the order again). */
  async start(wanted: StartTopUp): Promise<StoredTopUp> {
    const channel = this.channelOf(wanted);
    const order = started(wanted);
    checkLimits(order, channel);
    const way = wayOf(wanted, channel);
    const { topUpId, attemptId } = await this.commit(wanted, order, way);
    const stored = await this.stored(topUpId);
    if (attemptId === undefined) return stored;
    await this.ask.place(stored, attemptId);
    return this.stored(topUpId);
  }

  private async commit(
    { customerId, idempotencyKey: key, channel }: StartTopUp,
    order: TopUp,
    way: WayToPay,
  ): Promise<{ topUpId: string; attemptId?: string }> {
    const createdAt = this.clock.now();
    const expiresAt = new Date(createdAt.getTime() + this.terms.expiresMs);
    const looked = { status: order.status, hasAction: false, checks: 0, expiresAt };
    const checkAt = nextLook(looked, createdAt) ?? expiresAt;
    const request = { channel, ...order.amount.toJSON(), ...unusual(way, this.channels.of(channel)) };
    return this.database.transaction(async (tx) => {
      const keyed = { customerId, operation: 'start-top-up', key, request } as const;
      const known = await this.keys.take(tx, keyed, order.topUpId);
      if (known !== undefined) return { topUpId: known };
      if ((await this.topUps.countOpen(tx, customerId)) >= this.terms.openMax) throw tooManyOpen(this.terms);
      await this.topUps.insert(tx, order, { way, createdAt, expiresAt, checkAt });
      return { topUpId: order.topUpId, attemptId: await this.attempts.prepare(tx, order.topUpId, 'create') };
    });
  }

  private async stored(topUpId: string): Promise<StoredTopUp> {
    const found = await this.topUps.find(topUpId);
    if (!found) throw new Error(`The order ${topUpId} vanished.`);
    return found;
  }

  private channelOf({ channel: code }: StartTopUp): PaymentChannel {
    const channel = this.channels.find(code);
    if (channel) return channel;
    throw new Problem({
      code: 'invalid-request',
      detail: `There is no payment channel ${code.slice(0, 64)}.`,
      field: 'channel',
      remedy: `Use one of: ${this.channels.codes().join(', ')}.`,
    });
  }
}

/** The order that the request asks for; a Problem where the amount cannot be paid. */
function started({ customerId, channel, amount, currency }: StartTopUp): TopUp {
  const topUpId = newId('top');
  const decision = topUp.decide(
    { type: 'StartTopUp', topUpId, customerId, channel, amount, currency },
    undefined,
  );
  if (!decision.accepted) throw amountProblem(decision.refusal);
  const order = decision.events.reduce<TopUp | undefined>(
    (state, event) => topUp.evolve(state, event),
    undefined,
  );
  if (!order) throw new Error('A started order has no state.');
  return order;
}

/** We have no upper limit; a channel's format and contract do, and the customer is told which. */
function checkLimits({ amount }: TopUp, { code, policy }: PaymentChannel): void {
  if (!policy.currencies.includes(amount.currency)) {
    throw new Problem({
      code: 'currency-differs',
      detail: `The channel ${code} takes ${policy.currencies.join(', ')}, not ${amount.currency}.`,
      field: 'currency',
      remedy: 'Send an amount in a currency of the channel.',
    });
  }
  if (toMinor(amount).minor <= policy.orderMinorMax) return;
  const most = fromMinor({ minor: policy.orderMinorMax, currency: amount.currency });
  throw new Problem({
    code: 'amount-too-large',
    detail: `The channel ${code} cannot carry an order above ${most.toString()}. There is no limit of ours.`,
    field: 'amount',
    remedy: 'Split the top-up, or pay by bank transfer.',
  });
}

const tooManyOpen = ({ openMax }: TopUpTerms): Problem =>
  new Problem({
    code: 'too-many-open',
    detail: `The customer has ${String(openMax)} top-ups that wait to be paid, which is the most at one time.`,
    field: 'customerId',
    remedy: 'Pay one of them, or wait until one has expired.',
  });

const codes: Readonly<Record<AmountRefusal['code'], RefusalCode>> = {
  'invalid-amount': 'invalid-request',
  'below-minimum': 'amount-too-small',
  'unknown-currency': 'invalid-request',
};

/** An amount that cannot be paid, told with its field, the reason and what to send instead. */
export function amountProblem(refusal: TopUpRefusal | AmountRefusal): Problem {
  if (!('remedy' in refusal))
    return new Problem({ code: 'conflict', detail: `The order is refused: ${refusal.code}.` });
  const { code, field, reason, remedy } = refusal;
  return new Problem({ code: codes[code], detail: reason, field, remedy });
}
