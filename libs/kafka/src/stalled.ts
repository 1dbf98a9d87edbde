import { log, metrics } from '@app/observability';
import type { EventLog } from './event-log.ts';
import type { TopicReader } from './topic-reader.ts';

const lookEveryMs = 10_000;
const idleLooksMax = 6;

const lagGauge = metrics.gauge({
  name: 'kafka_consumer_lag_records',
  help: 'Records on the broker that the group has not committed.',
  labels: ['group', 'partition'],
});

/**
 * Finds readers that have stopped without saying so: records wait, and for a minute no batch was begun, finished or retried.
 * kafkajs can be in that state while its heartbeats keep the group happy, so only this brings a restart.
 */
export class Stalled {
  private timer: NodeJS.Timeout | undefined;
  /** Looks in a row at which records waited and nothing had happened since the look before. */
  private readonly idleLooks = new Map<TopicReader, { readonly activeAt: number; readonly looks: number }>();

  constructor(private readonly eventLog: EventLog) {}

  watch(readers: readonly TopicReader[]): void {
    this.timer = setInterval(() => {
      for (const reader of readers) void this.look(reader);
    }, lookEveryMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Throws where a reader is stalled. */
  check(): Promise<void> {
    const stalled = [...this.idleLooks]
      .filter(([, { looks }]) => looks > idleLooksMax)
      .map(([{ group }]) => group);
    if (stalled.length === 0) return Promise.resolve();
    const seconds = String((idleLooksMax * lookEveryMs) / 1000);
    return Promise.reject(
      new Error(`records wait and nothing was done for ${seconds} s in ${stalled.join(', ')}`),
    );
  }

  private async look(reader: TopicReader): Promise<void> {
    const waiting = await this.lagOf(reader);
    if (waiting === undefined) return;
    const { activeAt } = reader;
    const before = this.idleLooks.get(reader);
    const looks = waiting > 0n && before?.activeAt === activeAt ? before.looks + 1 : 0;
    this.idleLooks.set(reader, { activeAt, looks });
  }

  private async lagOf({ group }: TopicReader): Promise<bigint | undefined> {
    try {
      const lags = await this.eventLog.lag(group);
      for (const { partition, lag } of lags)
        lagGauge.set({ group, partition: String(partition) }, Number(lag));
      return lags.reduce((sum, { lag }) => sum + lag, 0n);
    } catch (error) {
      log().warn({ err: error, group }, 'The lag cannot be read');
      return undefined;
    }
  }
}
