import type { Topic } from '@app/contracts';
import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { ReceivedRecord } from './event-batch.ts';
import { kafkaClient } from './kafka-client.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { receivedRecord } from './received-records.ts';

/** Takes records of one partition, in their order; the next ones come when it resolves. */
export type TakeRecords = (records: readonly ReceivedRecord[]) => Promise<void>;

/**
 * Reads a topic from its first record to what is its end now, then resolves. Commits no offset and disturbs no reader.
 * Rejects with what `take` threw. For restoring what is kept for ever; what goes on being read is read by a consumer.
 */
export async function readWholeTopic(options: KafkaOptions, topic: Topic, take: TakeRecords): Promise<void> {
  const kafka = kafkaClient(options);
  const admin = kafka.admin();
  await admin.connect();
  const groupId = `${options.topicPrefix}${options.groupId}.whole.${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 200 });
  try {
    const ends = await admin.fetchTopicOffsets(options.topicPrefix + topic.name);
    const missing = new Map(
      ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
    );
    if (missing.size > 0)
      await readUntil(consumer, { name: topic.name, prefix: options.topicPrefix, missing, take });
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
}

interface Reading {
  readonly name: string;
  readonly prefix: string;
  /** Where each partition that is not read to its end ends. */
  readonly missing: Map<number, bigint>;
  readonly take: TakeRecords;
}

async function readUntil(consumer: Consumer, reading: Reading): Promise<void> {
  const { name, prefix, missing } = reading;
  await consumer.connect();
  await consumer.subscribe({ topics: [prefix + name], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
      try {
        await readBatch(payload, reading);
        if (missing.size === 0) resolve();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    consumer.run({ autoCommit: false, eachBatch }).catch(reject);
  });
}

async function readBatch(payload: EachBatchPayload, reading: Reading): Promise<void> {
  const { batch } = payload;
  const { name, missing, take } = reading;
  const end = missing.get(batch.partition);
  if (end === undefined) return;
  await take(batch.messages.map((message) => receivedRecord(name, message)));
  await payload.heartbeat();
  if (BigInt(batch.lastOffset()) + 1n >= end) missing.delete(batch.partition);
}
