import { topics } from '@app/contracts';
import { EventLog } from '@app/kafka';
import { Database, Outbox } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { CallStore } from './call.store.ts';
import { unchargedEventOf } from './ended-call.ts';

/** The consumer group that reads the ends of calls. */
const group = `metering.${topics.calls.name}`;
const callsMax = 500;

/** Gives up calls whose deadline has passed without an end: their gateway died. They are closed without a charge. */
@Injectable()
export class AbandonCallsHandler {
  constructor(
    private readonly database: Database,
    private readonly calls: CallStore,
    private readonly outbox: Outbox,
    private readonly eventLog: EventLog,
  ) {}

  /**
   * Closes what is overdue and says how many calls that were. A call whose end may still lie unread on the broker is left:
   * only partitions that are read to their end, after the deadline, are looked at.
   */
  async handle(): Promise<number> {
    const { partitions, at } = await this.calls.overdue();
    if (partitions.length === 0) return 0;
    const lags = await this.eventLog.lag(group);
    const behind = new Set(lags.filter(({ lag }) => lag > 0n).map(({ partition }) => partition));
    const read = partitions.filter((partition) => !behind.has(partition));
    let total = 0;
    for (let closed = callsMax; closed === callsMax; total += closed) closed = await this.close(read, at);
    return total;
  }

  private close(partitions: readonly number[], before: string): Promise<number> {
    return this.database.transaction(async (tx) => {
      const closed = await this.calls.abandon(tx, partitions, { before, callsMax });
      await this.outbox.add(tx, topics.rated.name, closed.map(unchargedEventOf));
      return closed.length;
    });
  }
}
