import { type Topic, topics } from '@app/contracts';
import { type Admin, type ITopicConfig } from 'kafkajs';
import type { KafkaOptions } from './kafka-options.ts';

const daysMs = 24 * 60 * 60 * 1000;

/**
 * Creates the topics that the broker does not have, then waits until it tells their partitions.
 * kafkajs's own `waitForLeaders` throws UNKNOWN_TOPIC_OR_PARTITION on KRaft brokers, so the metadata is polled.
 */
export async function ensureTopics(admin: Admin, options: KafkaOptions): Promise<void> {
  const wanted: readonly Topic[] = Object.values(topics);
  const existing = new Set(await admin.listTopics());
  const missing = wanted.filter(({ name }) => !existing.has(options.topicPrefix + name));
  if (missing.length === 0) return;
  try {
    await admin.createTopics({
      waitForLeaders: false,
      topics: missing.map((topic) => configurationOf(topic, options)),
    });
  } catch (error) {
    if (!alreadyExists(error)) throw error;
  }
  await untilLed(
    admin,
    missing.map(({ name }) => options.topicPrefix + name),
  );
}

function configurationOf(topic: Topic, { topicPrefix, partitions, replicas }: KafkaOptions): ITopicConfig {
  const configEntries = [
    { name: 'cleanup.policy', value: topic.retention === 'compact' ? 'compact' : 'delete' },
    { name: 'retention.ms', value: topic.retention === 'delete' ? String(14 * daysMs) : '-1' },
    { name: 'min.insync.replicas', value: replicas >= 3 ? '2' : '1' },
    // A broker alone acknowledges from its page cache; a power cut would take what it acknowledged.
    ...(replicas === 1 ? [{ name: 'flush.messages', value: '1' }] : []),
  ];
  return {
    topic: topicPrefix + topic.name,
    numPartitions: partitions,
    replicationFactor: replicas,
    configEntries,
  };
}

/** Another process created some of them first: kafkajs reports that as an aggregate of one error per topic. */
function alreadyExists(error: unknown): boolean {
  const errors =
    error instanceof Error && 'errors' in error && Array.isArray(error.errors)
      ? (error.errors as unknown[])
      : [error];
  return errors.every(
    (one) => typeof one === 'object' && one !== null && 'type' in one && one.type === 'TOPIC_ALREADY_EXISTS',
  );
}

async function untilLed(admin: Admin, names: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await areLed(admin, names)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Topics without a leader after 10 s: ${names.join(', ')}`);
}

async function areLed(admin: Admin, names: readonly string[]): Promise<boolean> {
  try {
    const { topics: described } = await admin.fetchTopicMetadata({ topics: [...names] });
    return described.every(
      ({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0),
    );
  } catch {
    return false; // Not known on this broker yet.
  }
}
