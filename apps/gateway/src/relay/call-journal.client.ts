import {
  type CallFinished,
  type CallStarted,
  encodeEvent,
  type EventOf,
  topics,
  type WireEvent,
} from '@app/contracts';
import { EventLog } from '@app/kafka';
import { log, metrics } from '@app/observability';
import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { CallJournal } from './call-journal.ts';
import { CallSpool } from './call-spool.client.ts';

const encoded = (event: EventOf<typeof CallStarted> | EventOf<typeof CallFinished>): WireEvent =>
  encodeEvent(topics.calls.name, event);

/** The longest a client waits for Kafka. */
export class CallEventTimeout {
  constructor(readonly milliseconds: number) {}
}

/** Ends that wait for Kafka while it is away; beyond so many, no call starts. */
const waitingMax = 10_000;
const retryMsMin = 100;
const retryMsMax = 5_000;
/** An event that waits longer than this makes the next calls careful. */
const carefulAfterMs = 500;
const closingMs = 20_000;

const waiting = metrics.gauge({
  name: 'gateway_finished_calls_waiting',
  help: 'Calls whose end waits to be written to Kafka.',
});
const writeSeconds = metrics.histogram({
  name: 'gateway_call_event_seconds',
  help: 'Time until an event of a call was on every replica.',
  labels: ['type'],
});

/** Writes the events of calls straight to Kafka: the relay has no database transaction for an outbox to be part of. */
@Injectable()
export class KafkaCallJournal
  extends CallJournal
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly ends = new Set<Promise<void>>();
  private readonly askedAt = new Set<{ readonly at: number }>();
  private isProven = false;
  private isClosing = false;

  constructor(
    private readonly eventLog: EventLog,
    private readonly timeout: CallEventTimeout,
    private readonly spool: CallSpool,
  ) {
    super();
  }

  /** Ends that an earlier process could not write are written now; readers know by their ids what came twice. */
  async onApplicationBootstrap(): Promise<void> {
    for (const [id, record] of await this.spool.kept()) void this.pursue(id, 'CallFinished', record);
  }

  get isTrusted(): boolean {
    const [oldest] = this.askedAt;
    return this.isProven && (oldest === undefined || performance.now() - oldest.at < carefulAfterMs);
  }

  async started(event: EventOf<typeof CallStarted>): Promise<void> {
    if (this.ends.size >= waitingMax) throw new Error('too many finished calls wait for Kafka');
    await this.withinTimeout(this.write(event.type, encoded(event)), () => {
      this.isProven = false;
      throw new Error(`Kafka did not take an event within ${String(this.timeout.milliseconds)} ms`);
    });
  }

  async finished(event: EventOf<typeof CallFinished>): Promise<void> {
    const record = encoded(event);
    const written = this.pursue(event.id, event.type, record);
    await this.withinTimeout(written, async () => {
      await this.spool.keep(event.id, record);
      // Kafka may have taken it while the disk did.
      if (!this.ends.has(written) && !this.isClosing) await this.spool.forget(event.id);
      log().warn({ callId: event.data.callId }, 'The end of a call waits for Kafka; its client was answered');
    });
  }

  /** Writes an end, however long it takes. */
  private pursue(id: string, type: string, record: WireEvent): Promise<void> {
    const written = this.writeUntilDone(type, record);
    this.ends.add(written);
    waiting.set(this.ends.size);
    void written.finally(() => {
      this.ends.delete(written);
      waiting.set(this.ends.size);
      // One that was given up because the process ends stays for the next.
      if (!this.isClosing) void this.spool.forget(id);
    });
    return written;
  }

  async beforeApplicationShutdown(): Promise<void> {
    const deadline = new AbortController();
    await Promise.race([
      Promise.allSettled(this.ends),
      sleep(closingMs, undefined, { signal: deadline.signal }).catch(() => undefined),
    ]);
    deadline.abort();
  }

  onApplicationShutdown(): void {
    this.isClosing = true;
    const calls = this.ends.size;
    if (calls > 0)
      log().error({ calls }, 'Ends of calls were not written; without a spool they are closed uncharged');
  }

  private async writeUntilDone(type: string, record: WireEvent): Promise<void> {
    for (let retryMs = retryMsMin; !this.isClosing; retryMs = Math.min(2 * retryMs, retryMsMax)) {
      try {
        await this.write(type, record);
        return;
      } catch {
        // EventLog has said why. What may have been written all the same is known to its readers by its id.
        await sleep(retryMs);
      }
    }
  }

  private async write(type: string, record: WireEvent): Promise<void> {
    const asked = { at: performance.now() };
    this.askedAt.add(asked);
    try {
      await this.eventLog.publish(topics.calls.name, [record]);
      this.isProven = true;
      writeSeconds.observe({ type }, (performance.now() - asked.at) / 1_000);
    } catch (error) {
      this.isProven = false;
      throw error;
    } finally {
      this.askedAt.delete(asked);
    }
  }

  private withinTimeout(work: Promise<void>, onTimeout: () => void | Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        resolve(Promise.resolve().then(onTimeout));
      }, this.timeout.milliseconds);
      // What comes after the timeout was already answered for, and changes nothing.
      work.then(resolve, reject).finally(() => {
        clearTimeout(timer);
      });
    });
  }
}
