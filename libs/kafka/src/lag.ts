import { topics } from '@app/contracts';
import type { Admin } from 'kafkajs';
import type { PartitionLag } from './event-log.ts';

/**
 * Compares what the broker has with what the group committed.
 * A partition without a commit counts from its beginning, for that is where its reader will start.
 */
export async function lagOf(
  admin: Admin,
  group: string,
  topicPrefix: string,
): Promise<readonly PartitionLag[]> {
  // A group's name ends with its only topic.
  const topic = Object.values(topics).find(({ name }) => group.endsWith(`.${name}`));
  if (!topic) throw new TypeError(`${group} is not the name of a consumer group`);
  const onBroker = topicPrefix + topic.name;
  const [ends, committed] = await Promise.all([
    admin.fetchTopicOffsets(onBroker),
    admin.fetchOffsets({ groupId: topicPrefix + group, topics: [onBroker] }),
  ]);
  const nexts = new Map(
    committed.flatMap(({ partitions }) => partitions.map((one) => [one.partition, one.offset])),
  );
  return ends.map(({ partition, high, low }) => {
    const next = BigInt(nexts.get(partition) ?? -1);
    return { topic: topic.name, partition, lag: BigInt(high) - (next < 0n ? BigInt(low) : next) };
  });
}
