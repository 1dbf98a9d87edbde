export { ConsumesBatch, gatherCallsMs } from './consumes-batch.ts';
export type { EventBatch, ReceivedRecord } from './event-batch.ts';
export { EventLog, type PartitionLag } from './event-log.ts';
export { KafkaConsumerServer } from './kafka-consumer-server.ts';
export { KafkaEventLog } from './kafka-event-log.ts';
export { KafkaModule, type KafkaModuleOptions } from './kafka.module.ts';
export type { KafkaOptions } from './kafka-options.ts';
export { receivedRecord } from './received-records.ts';
export { readWholeTopic, type TakeRecords } from './whole-topic.ts';
