import type { Topic } from '@app/contracts';
import { log, metrics } from '@app/observability';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { EventBatch, ReceivedRecord } from './event-batch.ts';
import { LateCommits } from './late-commits.ts';
import { receivedRecord } from './received-records.ts';
import { retryInPlace } from './retry-in-place.ts';

/** Applies one batch; when it resolves, the effect is committed. */
export type BatchHandler = (batch: EventBatch) => Promise<void>;

/** What one reader reads, and as whom. */
export interface Reading {
  readonly topic: Topic;
  /** Without prefix. */
  readonly group: string;
  readonly topicPrefix: string;
  /** The most events of one batch. */
  readonly eventsMax: number;
  /**
   * A batch costs milliseconds here, in PostgreSQL and at the broker, however few its records are. So what comes within this time
   * of a batch goes together: a lone record is applied at once, and a stream of them costs little beside its records.
   */
  readonly gatherMs: number;
  readonly handle: BatchHandler;
}

/** So many records are read without letting others have a turn. */
const readAtOnceMax = 500;
/** Of one partition at once: some batches, so that a backlog is worked off in full ones. */
const fetchBytesMax = 4_194_304;
const heartbeatMs = 1_000;

const consumed = metrics.counter({
  name: 'kafka_records_consumed_total',
  help: 'Records whose effect is committed.',
  labels: ['group'],
});
const batchSeconds = metrics.histogram({
  name: 'kafka_batch_seconds',
  help: 'Time from handing a batch to its consumer until its effect is committed.',
  labels: ['group'],
});

/**
 * Reads one topic for one group: batches in order, offsets committed only after the effect.
 * Never pauses, never works on one partition twice at once, never skips by offset; why, is told in the README.
 */
export class TopicReader {
  private readonly consumer: Consumer;
  private readonly commits: LateCommits;
  private readonly stopping = new AbortController();
  /** When this reader last finished, began or retried a batch, in milliseconds of the process clock. */
  activeAt = performance.now();

  constructor(
    kafka: Kafka,
    private readonly reading: Reading,
  ) {
    this.consumer = kafka.consumer({
      groupId: reading.topicPrefix + reading.group,
      // After a crash the group waits this long before the new process may read on.
      sessionTimeout: 10_000,
      rebalanceTimeout: 20_000,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: 500,
      maxBytesPerPartition: fetchBytesMax,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 2_000,
        retries: 10,
        restartOnFailure: () => Promise.resolve(true),
      },
    });
    this.commits = new LateCommits(this.consumer, reading.topicPrefix + reading.topic.name);
  }

  get group(): string {
    return this.reading.group;
  }

  /** Starts reading. `onCrash` is called where kafkajs gives up: only a new process helps then. */
  async start(onCrash: (error: Error) => void): Promise<void> {
    const { topic, topicPrefix } = this.reading;
    this.consumer.on(this.consumer.events.CRASH, ({ payload }) => {
      log().error(
        { err: payload.error, group: this.group, restart: payload.restart },
        'The consumer crashed',
      );
      if (!payload.restart) onCrash(payload.error);
    });
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [topicPrefix + topic.name], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 3,
      eachBatch: (payload) => this.read(payload),
    });
    this.commits.start();
  }

  /** Lets the batch in hand finish or be abandoned, then leaves the group. Must not be called from a handler. */
  async stop(deadlineMs: number): Promise<void> {
    this.stopping.abort();
    const deadline = new Promise((resolve) => setTimeout(resolve, deadlineMs).unref());
    await Promise.race([this.leave(), deadline]);
  }

  private async leave(): Promise<void> {
    await this.commits.stop();
    await this.consumer.disconnect();
  }

  private async read(payload: EachBatchPayload): Promise<void> {
    const { messages: all } = payload.batch;
    const begun = performance.now();
    const chunks = chunksOf(all, this.reading.eventsMax);
    let records = await this.recordsSoon(chunks[0]);
    for (const [index, messages] of chunks.entries()) {
      if (!payload.isRunning() || payload.isStale()) return;
      const [next] = await Promise.all([
        this.recordsSoon(chunks[index + 1]),
        this.readChunk(payload, { messages, records }),
      ]);
      records = next;
    }
    const { eventsMax, gatherMs } = this.reading;
    if (all.length < eventsMax) await this.pause(begun + gatherMs - performance.now());
  }

  /** Lets records gather, unless this reader stops. */
  private async pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /** Reads the records that come next while the database works on those before them, and lets others have a turn meanwhile. */
  private async recordsSoon(messages: readonly KafkaMessage[] = []): Promise<ReceivedRecord[]> {
    const records: ReceivedRecord[] = [];
    while (records.length < messages.length) {
      await immediate();
      for (const message of messages.slice(records.length, records.length + readAtOnceMax))
        records.push(receivedRecord(this.reading.topic.name, message));
    }
    return records;
  }

  private async readChunk(payload: EachBatchPayload, chunk: Chunk): Promise<void> {
    const lost = new AbortController();
    const signal = AbortSignal.any([lost.signal, this.stopping.signal]);
    const beating = setInterval(() => {
      payload.heartbeat().catch((error: unknown) => {
        lost.abort(error);
      });
    }, heartbeatMs);
    try {
      const batch = this.batchOf(payload, chunk, signal);
      const done = batchSeconds.startTimer({ group: this.group });
      await retryInPlace(() => this.handleOnce(batch), { signal, group: this.group });
      done();
      await this.commit(payload, batch);
    } catch (error) {
      // Going down, nothing was committed: the next reader begins with this batch.
      if (!this.stopping.signal.aborted) throw lost.signal.aborted ? lost.signal.reason : error;
    } finally {
      clearInterval(beating);
    }
  }

  private async handleOnce(batch: EventBatch): Promise<void> {
    this.activeAt = performance.now();
    await this.reading.handle(batch);
    this.activeAt = performance.now();
  }

  private async commit(payload: EachBatchPayload, batch: EventBatch): Promise<void> {
    const { topic, partition } = payload.batch;
    const offset = (BigInt(batch.lastOffset) + 1n).toString();
    consumed.inc({ group: this.group }, batch.records.length);
    payload.resolveOffset(batch.lastOffset);
    if (this.stopping.signal.aborted)
      await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
    else this.commits.note(partition, offset);
    await payload.heartbeat();
  }

  private batchOf(payload: EachBatchPayload, { messages, records }: Chunk, signal: AbortSignal): EventBatch {
    const { topic, group } = this.reading;
    const { batch } = payload;
    return {
      group,
      topic: topic.name,
      partition: batch.partition,
      firstOffset: messages[0]?.offset ?? batch.lastOffset(),
      lastOffset: lastOffsetOf(batch, messages),
      records,
      dense: topic.retention !== 'compact',
      heartbeat: () => payload.heartbeat(),
      signal,
    };
  }
}

/** Messages of one partition, and what they say. */
interface Chunk {
  readonly messages: readonly KafkaMessage[];
  readonly records: readonly ReceivedRecord[];
}

function lastOffsetOf(batch: Batch, messages: readonly KafkaMessage[]): string {
  const last = messages.at(-1);
  return last === undefined ? batch.lastOffset() : last.offset;
}

/** Chunks of about the same size. */
function chunksOf<Item>(items: readonly Item[], sizeMax: number): Item[][] {
  const chunks: Item[][] = [];
  const size = Math.ceil(items.length / Math.ceil(items.length / sizeMax));
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
