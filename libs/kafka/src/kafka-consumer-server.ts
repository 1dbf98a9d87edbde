import { topicNamed, type Topic } from '@app/contracts';
import { health, log } from '@app/observability';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { kafkaBatchTransport, type BatchPattern } from './consumes-batch.ts';
import type { EventBatch } from './event-batch.ts';
import type { EventLog } from './event-log.ts';
import { kafkaClient } from './kafka-client.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { Stalled } from './stalled.ts';
import { TopicReader } from './topic-reader.ts';

const stopDeadlineMs = 15_000;

/** Nest's transport for whole batches: one consumer group per topic and reader, one kafkajs consumer each. */
export class KafkaConsumerServer extends Server implements CustomTransportStrategy {
  override readonly transportId = kafkaBatchTransport;
  override readonly propagatesEventHandlerErrors = true;
  private readonly readers: TopicReader[] = [];
  private readonly stalled: Stalled;

  constructor(
    private readonly options: KafkaOptions,
    private readonly eventLog: EventLog,
  ) {
    super();
    this.stalled = new Stalled(eventLog);
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      await this.eventLog.ensureTopics();
      const kafka = kafkaClient(this.options);
      for (const [pattern, handler] of this.messageHandlers) {
        const { topic, group } = this.readingOf(pattern);
        if (handler.next) throw new TypeError(`Two methods read as ${group}; give one of them a reader name`);
        const handle = (batch: EventBatch) => run(handler, batch);
        const { topicPrefix } = this.options;
        const eventsMax = Number(handler.extras?.['eventsMax']);
        const gatherMs = Number(handler.extras?.['gatherMs']);
        this.readers.push(new TopicReader(kafka, { topic, group, topicPrefix, eventsMax, gatherMs, handle }));
      }
      await Promise.all(this.readers.map((reader) => reader.start(endProcess)));
      this.stalled.watch(this.readers);
      health.live('consumers', () => this.stalled.check());
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    this.stalled.stop();
    await Promise.allSettled(this.readers.map((reader) => reader.stop(stopDeadlineMs)));
  }

  /** Hands a batch to the consumer of its group, outside Kafka: how a parked message is driven again. Throws what it throws. */
  async dispatch(batch: EventBatch): Promise<void> {
    for (const [pattern, handler] of this.messageHandlers) {
      if (this.readingOf(pattern).group === batch.group) {
        await run(handler, batch);
        return;
      }
    }
    throw new TypeError(`No consumer of this service reads as ${batch.group}`);
  }

  on(): never {
    throw new Error('The batch consumer gives no events; read its metrics.');
  }

  unwrap(): never {
    throw new Error('The batch consumer does not show its client: nothing but this lib may know kafkajs.');
  }

  private readingOf(pattern: string): { readonly topic: Topic; readonly group: string } {
    const { topic: name, reader } = JSON.parse(pattern) as BatchPattern;
    const topic = topicNamed(name);
    if (!topic) throw new TypeError(`${name} is not a topic`);
    return { topic, group: [this.options.groupId, reader, name].filter((part) => part !== '').join('.') };
  }
}

async function run(handler: MessageHandler, batch: EventBatch): Promise<void> {
  const result: unknown = await handler(batch);
  if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
}

/** kafkajs has stopped for good while the process lives on; only a restart reads again. */
function endProcess(error: Error): void {
  log().fatal({ err: error }, 'A consumer cannot go on; the process ends so that it is started again');
  setTimeout(() => process.exit(1), 100);
}
