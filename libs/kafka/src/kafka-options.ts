/** How a service reaches the broker. */
export interface KafkaOptions {
  /** Names this process in the broker's log. */
  readonly clientId: string;
  /** The consuming service; each topic it reads has its own consumer group, `<groupId>.<topic>`. */
  readonly groupId: string;
  readonly brokers: readonly string[];
  /** Put before every topic and group name on the broker; never seen elsewhere. */
  readonly topicPrefix: string;
  /** Used when a topic is created. */
  readonly partitions: number;
  /** Used when a topic is created. */
  readonly replicas: number;
}
