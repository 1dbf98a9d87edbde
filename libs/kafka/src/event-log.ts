import type { TopicName, WireEvent } from '@app/contracts';

/** How far a consumer group is behind on one partition. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** Records on the broker that the group has not committed. */
  readonly lag: bigint;
}

/**
 * The port to Kafka for those who write.
 * Correctness lives in PostgreSQL, so an adapter need only be at-least-once and ordered within a key.
 */
export abstract class EventLog {
  /**
   * Writes records, in order, and resolves when every replica has them.
   * What gathers while one request is in flight goes with the next; there is no waiting to gather.
   * A rejection is indefinite: the records may lie on the broker all the same, and readers dedupe by id.
   */
  abstract publish(topic: TopicName, records: readonly WireEvent[]): Promise<void>;

  /** Creates the topics that are missing. Safe to run from many processes at once. */
  abstract ensureTopics(): Promise<void>;

  /** How far `group` (such as `ledger.metering.rated.v1`) is behind. */
  abstract lag(group: string): Promise<readonly PartitionLag[]>;

  /** Answers where the broker answers, else throws. */
  abstract ping(): Promise<void>;

  /** Ends the connections; what is still unsent after the deadline is rejected. */
  abstract close(deadlineMs: number): Promise<void>;
}
