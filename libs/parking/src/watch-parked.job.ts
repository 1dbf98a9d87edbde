import { metrics, RepeatedJob } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { ParkedMessageStore } from './parked-message.store.ts';

const everyMs = 10_000;

const waiting = metrics.gauge({
  name: 'parked_messages_waiting',
  help: 'Messages that could not be applied and wait for a person, as the database says; every replica tells the same.',
  labels: ['consumer'],
});
const oldest = metrics.gauge({
  name: 'parked_messages_oldest_seconds',
  help: 'How long the oldest of them has waited.',
  labels: ['consumer'],
});

/** Counts what waits for people. */
@Injectable()
export class WatchParkedJob extends RepeatedJob {
  constructor(private readonly messages: ParkedMessageStore) {
    super({ everyMs, isFirstAtStart: true, failure: 'Parked messages were not counted' });
  }

  protected async round(): Promise<void> {
    const rows = await this.messages.waiting();
    waiting.reset();
    oldest.reset();
    for (const { consumer, waiting: count, oldestSeconds } of rows) {
      waiting.set({ consumer }, count);
      oldest.set({ consumer }, oldestSeconds);
    }
  }
}
