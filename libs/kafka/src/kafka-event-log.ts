import type { TopicName, WireEvent } from '@app/contracts';
import { log, metrics } from '@app/observability';
import { type Admin, type Kafka, Partitioners, type Producer } from 'kafkajs';
import { ensureTopics } from './ensure-topics.ts';
import { EventLog, type PartitionLag } from './event-log.ts';
import { kafkaClient } from './kafka-client.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { lagOf } from './lag.ts';

/** What one caller gave to publish, and how to answer it. */
interface Waiting {
  readonly topic: string;
  readonly records: readonly WireEvent[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const requestRecordsMax = 2_000;
/** Below the broker's default `message.max.bytes` of 1 MiB, with room for headers, were all of it one partition's. */
const requestBytesMax = 700_000;
const recordBytesMax = 900_000;

const published = metrics.counter({
  name: 'kafka_records_published_total',
  help: 'Records that the broker acknowledged.',
  labels: ['topic'],
});

/** EventLog by kafkajs: idempotent producer, all replicas, one request in flight. */
export class KafkaEventLog extends EventLog {
  private readonly kafka: Kafka;
  private readonly waiting: Waiting[] = [];
  private producer: Promise<Producer> | undefined;
  private admin: Promise<Admin> | undefined;
  private sending: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly options: KafkaOptions) {
    super();
    this.kafka = kafkaClient(options);
  }

  async publish(topic: TopicName, records: readonly WireEvent[]): Promise<void> {
    if (this.closed) throw new Error('The event log is closed.');
    // One after another: a later part must not be on the broker when an earlier one failed and comes again.
    for (const part of partsOf(records)) await this.queue(topic, part);
  }

  async ensureTopics(): Promise<void> {
    await ensureTopics(await this.connectedAdmin(), this.options);
  }

  async lag(group: string): Promise<readonly PartitionLag[]> {
    return lagOf(await this.connectedAdmin(), group, this.options.topicPrefix);
  }

  async ping(): Promise<void> {
    await (await this.connectedAdmin()).describeCluster();
  }

  async close(deadlineMs: number): Promise<void> {
    this.closed = true;
    await Promise.race([this.sending, new Promise((resolve) => setTimeout(resolve, deadlineMs).unref())]);
    for (const one of this.waiting.splice(0))
      one.reject(new Error('The event log was closed before this was sent.'));
    await Promise.allSettled([
      this.producer?.then((producer) => producer.disconnect()),
      this.admin?.then((admin) => admin.disconnect()),
    ]);
  }

  private queue(topic: TopicName, part: Part): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ topic, ...part, resolve, reject });
      this.sending ??= this.sendAll();
    });
  }

  private async sendAll(): Promise<void> {
    while (this.waiting.length > 0) await this.sendOnce(this.takeRequest());
    this.sending = undefined;
  }

  /** Takes what has gathered, in order, up to the size of one request; at least one caller's records. */
  private takeRequest(): Waiting[] {
    let records = 0;
    let bytes = 0;
    let callers = 0;
    for (const next of this.waiting) {
      records += next.records.length;
      bytes += next.bytes;
      if (callers > 0 && (records > requestRecordsMax || bytes > requestBytesMax)) break;
      callers += 1;
    }
    return this.waiting.splice(0, callers);
  }

  private async sendOnce(request: readonly Waiting[]): Promise<void> {
    try {
      const producer = await this.connectedProducer();
      await producer.sendBatch({ acks: -1, timeout: 5_000, topicMessages: this.messagesOf(request) });
      for (const { topic, records, resolve } of request) {
        published.inc({ topic }, records.length);
        resolve();
      }
    } catch (error) {
      this.forgetProducer();
      const reason = error instanceof Error ? error : new Error(String(error));
      log().warn({ err: reason }, 'Kafka did not acknowledge a request');
      for (const { reject } of request) reject(reason);
    }
  }

  private messagesOf(request: readonly Waiting[]) {
    const topics = [...new Set(request.map(({ topic }) => topic))];
    return topics.map((topic) => ({
      topic: this.options.topicPrefix + topic,
      messages: request
        .filter((one) => one.topic === topic)
        .flatMap(({ records }) => records.map(({ key, value, headers }) => ({ key, value, headers }))),
    }));
  }

  private connectedProducer(): Promise<Producer> {
    this.producer ??= this.connectProducer().catch((error: unknown) => {
      this.producer = undefined;
      throw error;
    });
    return this.producer;
  }

  private async connectProducer(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    await producer.connect();
    return producer;
  }

  /**
   * A producer whose request failed is never used again. kafkajs takes its sequence numbers back on failure although the
   * broker may have written the records; the next, different records would then be taken for duplicates and silently dropped.
   */
  private forgetProducer(): void {
    const old = this.producer;
    this.producer = undefined;
    void old?.then((producer) => producer.disconnect()).catch(() => undefined);
  }

  private connectedAdmin(): Promise<Admin> {
    this.admin ??= this.connectAdmin().catch((error: unknown) => {
      this.admin = undefined;
      throw error;
    });
    return this.admin;
  }

  private async connectAdmin(): Promise<Admin> {
    const admin = this.kafka.admin();
    await admin.connect();
    return admin;
  }
}

/** Some of a caller's records, no more than one request may carry. */
interface Part {
  readonly records: readonly WireEvent[];
  readonly bytes: number;
}

/** Cuts what a caller gave, in order, into parts that fit a request. One record that does not fit alone is refused. */
function partsOf(records: readonly WireEvent[]): readonly Part[] {
  const parts: { records: WireEvent[]; bytes: number }[] = [];
  for (const record of records) {
    const bytes = bytesOf(record);
    if (bytes > recordBytesMax)
      throw new RangeError(`A record of ${String(bytes)} bytes is too large for a request`);
    const part = parts.at(-1);
    if (part === undefined || part.bytes + bytes > requestBytesMax) parts.push({ records: [record], bytes });
    else {
      part.records.push(record);
      part.bytes += bytes;
    }
  }
  return parts;
}

/** With the headers, which weigh as much as a small event does. */
function bytesOf({ key, value, headers }: WireEvent): number {
  let bytes = key.length + Buffer.byteLength(value);
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0);
  return bytes;
}
