import { channelBookOf, type Event, topics } from '@app/contracts';
import { log } from '@app/observability';
import { Money } from '@app/money';
import { Database, Outbox } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { BankAccounts } from '../bank/bank-accounts.ts';
import { channelFee, channelSettled } from '../bank/money-news.ts';
import { ChannelMovements, type NewMovement } from './channel-movement.store.ts';

const atOnce = 1_000;

/** Tells the ledger of the fees and settlements of a day, from the fund bill: it says what moved, to the cent. */
@Injectable()
export class TellMovementsHandler {
  constructor(
    private readonly database: Database,
    private readonly movements: ChannelMovements,
    private readonly accounts: BankAccounts,
    private readonly outbox: Outbox,
  ) {}

  /** Some at a time, each in the transaction of its event: a crash in between tells nothing twice. */
  async tell(channel: string, day: string, currency: string): Promise<void> {
    let after = -1;
    for (;;) {
      const untold = await this.movements.untold({ channel, day }, after, atOnce);
      const known = untold.filter((movement) => this.canTell(channel, movement));
      await this.tellSome(channel, currency, known);
      if (untold.length < atOnce) return;
      after = untold.at(-1)?.line ?? after;
    }
  }

  private async tellSome(channel: string, currency: string, some: readonly NewMovement[]): Promise<void> {
    if (some.length === 0) return;
    const withBooks = some.map((movement) => ({
      ...movement,
      bookId: movement.customerId ?? channelBookOf(currency),
    }));
    await this.database.transaction(async (tx) => {
      const fresh = await this.movements.note(tx, { channel, currency }, withBooks);
      const news = withBooks.filter(({ flow }) => fresh.has(flow));
      await this.outbox.add(
        tx,
        topics.topUps.name,
        news.map((movement) => this.newsOf(movement, channel, currency)),
      );
    });
  }

  /** A settlement goes to a bank account that expects it; another one is left for people, as a break. */
  private canTell(channel: string, { kind, flow }: NewMovement): boolean {
    if (kind !== 'settled' || this.accounts.receiving(channel) !== undefined) return true;
    log().error({ channel, flow }, 'No bank account of ours receives what this channel settles');
    return false;
  }

  private newsOf(
    movement: NewMovement & { readonly bookId: string },
    channel: string,
    currency: string,
  ): Event {
    const { flow, kind, bookId, occurredAt } = movement;
    const amount = Money.of(movement.amount, currency);
    if (kind === 'settled') {
      const bank = this.accounts.receiving(channel)?.code ?? '';
      return channelSettled({ id: `set_${channel}:${flow}`, channel, amount, occurredAt }, bank);
    }
    const fee = { id: `fee_${channel}:${flow}`, channel, amount, occurredAt, bookId };
    return channelFee(kind === 'fee' ? 'taken' : 'returned', fee);
  }
}
