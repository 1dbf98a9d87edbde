import { type EntryRecorded, type EventOf, topics } from '@app/contracts';
import { ConsumesBatch, gatherCallsMs, type EventBatch } from '@app/kafka';
import { Inbox } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { CallStore, type ExpiredHold } from './call.store.ts';

type Entry = EventOf<typeof EntryRecorded>;

/** Hears from the ledger which holds have expired: their calls are then given up without waiting for the deadline. */
@Controller()
export class JournalConsumer {
  constructor(
    private readonly inbox: Inbox,
    private readonly calls: CallStore,
  ) {}

  @ConsumesBatch(topics.journal, { gatherMs: gatherCallsMs })
  async follow(batch: EventBatch): Promise<void> {
    await this.inbox.follow<Entry>(batch, (tx, entries) =>
      this.calls.holdsExpired(tx, entries.flatMap(expiredHoldOf)),
    );
  }
}

/** An expiry is recorded under the name of its hold. */
function expiredHoldOf({ data: { kind, bookId, eventId, occurredAt } }: Entry): readonly ExpiredHold[] {
  const holdId = /^(.+):expired$/.exec(eventId)?.[1];
  return kind === 'expire' && holdId !== undefined ? [{ customerId: bookId, holdId, occurredAt }] : [];
}
