import type { CallFinished, CallStarted, EventOf } from '@app/contracts';
import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { PriceBookStore } from '../prices/price-book.store.ts';
import { callKey, CallStore } from './call.store.ts';
import { EndCallsHandler } from './end-calls.handler.ts';
import { endOfRelayed } from './ended-call.ts';

/** What lies on the gateway's topic of calls. */
export type CallEvent = EventOf<typeof CallStarted> | EventOf<typeof CallFinished>;

/** Follows relayed calls: open from their start, ended with what the pinned price version makes of their usage. */
@Injectable()
export class FinishCallsHandler {
  constructor(
    private readonly calls: CallStore,
    private readonly book: PriceBookStore,
    private readonly endCalls: EndCallsHandler,
  ) {}

  async handle(tx: Tx, events: readonly CallEvent[], partition: number): Promise<void> {
    const finished = events.filter((event) => event.type === 'CallFinished');
    const ended = new Set(finished.map(({ data }) => callKey(data)));
    const open = events
      .filter((event) => event.type === 'CallStarted')
      .filter(({ data }) => !ended.has(callKey(data)));
    await this.calls.open(tx, open, partition);
    if (finished.length === 0) return;
    const versions = await this.book.byId(
      tx,
      finished.map(({ data }) => data.priceVersionId),
    );
    await this.endCalls.handle(
      tx,
      finished.map((event) => endOfRelayed(event, versions.get(event.data.priceVersionId))),
    );
  }
}
