import { topics } from '@app/contracts';
import { Money } from '@app/money';
import { newId, Outbox, type Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { externalRefund, suspenseReceived, suspenseReturned } from '../bank/money-news.ts';
import { Suspenses } from '../bank/suspense.store.ts';
import { Clock } from '../clock.ts';
import type { DecidedBy, ProposedAction } from '../decisions/proposal.ts';
import { TopUps } from '../top-ups/top-up.store.ts';
import type { BreakClass, BreakResolution } from './break.ts';
import { type Break, Breaks } from './break.store.ts';

type Resolve = Extract<ProposedAction, { kind: 'resolve-break' }>;

/** Which breaks a resolution can mend; explaining is possible for all. */
const mends: Readonly<Record<Exclude<BreakResolution, 'explain'>, BreakClass>> = {
  suspend: 'missing-here',
  'external-refund': 'unknown-refund',
  'return-suspense': 'unknown-refund',
};

/** What two people decide about a difference between a provider's bill and our books. */
@Injectable()
export class ResolveBreakHandler {
  constructor(
    private readonly breaks: Breaks,
    private readonly suspenses: Suspenses,
    private readonly topUps: TopUps,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async resolve(tx: Tx, { breakId, resolution }: Resolve, { proposalId }: DecidedBy): Promise<void> {
    const found = await this.breaks.lock(tx, breakId);
    if (!found) throw new Problem({ code: 'not-found', field: 'breakId', detail: 'There is no such break.' });
    if (found.resolution !== null) throw conflict(`It was resolved before: ${found.resolution}.`);
    if (resolution !== 'explain') await this.mend(tx, found, resolution);
    await this.breaks.resolve(tx, breakId, { resolution, proposalId, at: this.clock.now() });
  }

  private mend(tx: Tx, found: Break, resolution: keyof typeof mends): Promise<void> {
    if (mends[resolution] !== found.class)
      throw conflict(`A break of the class ${found.class} is not mended so; explain it.`);
    switch (resolution) {
      case 'suspend':
        return this.suspend(tx, found);
      case 'external-refund':
        return this.chargeBack(tx, found);
      case 'return-suspense':
        return this.giveUp(tx, found);
    }
  }

  /** It lies at the channel and is nobody's yet: from there two people give it to its customer. */
  private async suspend(tx: Tx, found: Break): Promise<void> {
    const { channel, reference, occurredAt } = found;
    const sourceId = `${channel}:${reference}`;
    // Locked, so that the provider's answer cannot credit it at the same time.
    const order = await this.topUps.lock(tx, found.number);
    if (order?.state.payment?.providerReference === reference)
      throw conflict('It has been credited meanwhile.');
    if ((await this.suspenses.idOf(tx, sourceId)) !== undefined) throw conflict('It is in suspense already.');
    const [suspenseId, amount] = [newId('sus'), theirsOf(found)];
    await this.suspenses.insert(tx, [
      {
        ...{ suspenseId, channel, sourceId, ...amount.toJSON(), reason: 'unknown-payment', customerId: null },
        ...{ partyName: '', partyAccount: '', receivedAt: occurredAt },
      },
    ]);
    await this.outbox.add(tx, topics.topUps.name, [
      suspenseReceived({ suspenseId, channel, amount, occurredAt }),
    ]);
  }

  private async chargeBack(tx: Tx, found: Break): Promise<void> {
    const order = await this.topUps.lock(tx, found.number);
    if (!order?.state.payment) throw conflict('The refund is of no payment that credited a customer here.');
    const { topUpId, customerId, channel } = order.state;
    const news = externalRefund({
      externalRefundId: `ext_${found.breakId}`,
      ...{ topUpId, customerId, channel, amount: theirsOf(found), occurredAt: found.occurredAt },
    });
    await this.outbox.add(tx, topics.refunds.name, [news]);
  }

  private async giveUp(tx: Tx, found: Break): Promise<void> {
    const { channel, reference, occurredAt } = found;
    const suspenseId = await this.suspenses.idOf(tx, `${channel}:${reference}`);
    const amount = theirsOf(found);
    const isThere =
      suspenseId !== undefined && (await this.suspenses.take(tx, suspenseId, { as: 'returning', amount }));
    if (!isThere) throw conflict('There is not that much of this payment in suspense.');
    await this.suspenses.endReturn(tx, suspenseId, { arrived: true, amount });
    const news = suspenseReturned({ suspenseId, number: found.breakId, channel, amount, occurredAt });
    await this.outbox.add(tx, topics.topUps.name, [news]);
  }
}

function theirsOf({ theirs, currency }: Break): Money {
  if (theirs === null) throw conflict('The bill tells no amount.');
  return Money.of(theirs, currency);
}

const conflict = (detail: string): Problem =>
  new Problem({
    code: 'conflict',
    field: 'breakId',
    detail,
    remedy: 'Look at the break and at the proposals about it.',
  });
