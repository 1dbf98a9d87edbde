import { log } from '@app/observability';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { PaymentChannels } from '../channels/payment-channel.ts';
import { Clock } from '../clock.ts';
import { PayItemHandler } from '../refunds/pay-item.handler.ts';
import { AskProviderHandler } from '../top-ups/ask-provider.handler.ts';
import { Breaks } from './break.store.ts';
import { Comparison } from './compare.store.ts';
import { LoadBillHandler } from './load-bill.handler.ts';
import { type KeptReconciliation, Reconciliations } from './reconciliation.store.ts';
import { TellMovementsHandler } from './tell-movements.handler.ts';

/** Of each kind of break; a day with more is not a day of ours, and the rest shows once these are resolved. */
const findingsMax = 10_000;
const queriesAtOnce = 8;

/** Compares a day of a channel with the provider's bills: everything that either side knows, cent by cent. Again and again gives the same. */
@Injectable()
export class ReconcileDayHandler {
  constructor(
    private readonly channels: PaymentChannels,
    private readonly loading: LoadBillHandler,
    private readonly movements: TellMovementsHandler,
    private readonly comparison: Comparison,
    private readonly breaks: Breaks,
    private readonly reconciliations: Reconciliations,
    private readonly topUps: AskProviderHandler,
    private readonly items: PayItemHandler,
    private readonly clock: Clock,
  ) {}

  /** Throws a Problem where the provider does not give a bill that can be believed, or another process is at it. */
  async reconcile(channel: string, day: string, runBy: string): Promise<KeptReconciliation> {
    const found = this.channels.find(channel);
    if (!found) throw unknownChannel(this.channels.codes());
    const currency = found.policy.currencies[0] ?? '';
    const done = await this.reconciliations.alone(channel, () => this.run({ channel, day, currency, runBy }));
    if (done) return done;
    throw new Problem({ code: 'conflict', field: 'channel', detail: 'Another run is at this channel.' });
  }

  private async run(asked: { channel: string; day: string; currency: string; runBy: string }) {
    const { channel, day, currency } = asked;
    await this.loading.load(channel, day);
    await this.movements.tell(channel, day, currency);
    const findings = await this.comparison.findingsOf(channel, day, findingsMax);
    const now = this.clock.now();
    await this.breaks.open(asked, findings, now);
    await this.askAbout(channel, day);
    await this.breaks.settle(channel, now);
    await this.breaks.vanish(asked, findings, now);
    const figures = await this.comparison.figuresOf(channel, day);
    await this.reconciliations.save({ ...asked, figures, runAt: this.clock.now() });
    const kept = await this.reconciliations.one(channel, day);
    if (!kept) throw new Error('A reconciliation was not kept.');
    if (kept.openBreaks > 0)
      log().error({ channel, day, breaks: kept.openBreaks }, 'The books and the provider differ');
    return kept;
  }

  /** The third net: what the bill has and we do not is asked about, and credited by the provider's signed answer. */
  private async askAbout(channel: string, day: string): Promise<void> {
    const missing = await this.breaks.missingHere(channel, day);
    await someAtOnce(missing, (topUpId) => this.topUps.resolve(topUpId));
    const unended = await this.comparison.unendedItems(channel, day);
    await someAtOnce(unended, (itemId) => this.items.handle(itemId));
  }
}

async function someAtOnce(ids: readonly string[], work: (id: string) => Promise<void>): Promise<void> {
  for (let from = 0; from < ids.length; from += queriesAtOnce) {
    await Promise.all(ids.slice(from, from + queriesAtOnce).map(work));
  }
}

const unknownChannel = (codes: readonly string[]): Problem =>
  new Problem({
    code: 'not-found',
    field: 'channel',
    detail: 'There is no such channel.',
    remedy: `Use one of: ${codes.join(', ')}.`,
  });
