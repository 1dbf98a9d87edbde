import { health } from '@app/observability';
import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { EventLog } from './event-log.ts';
import { KafkaConsumerServer } from './kafka-consumer-server.ts';
import { KafkaEventLog } from './kafka-event-log.ts';
import type { KafkaOptions } from './kafka-options.ts';

const closeDeadlineMs = 5_000;

/** Settings of `forRoot`; partitions and replicas count only when a topic is created. */
export type KafkaModuleOptions = Omit<KafkaOptions, 'partitions' | 'replicas'> &
  Partial<Pick<KafkaOptions, 'partitions' | 'replicas'>>;

/** Gives EventLog to every module, and KafkaConsumerServer to `startService`. */
@Module({})
export class KafkaModule implements OnApplicationShutdown {
  constructor(private readonly eventLog: EventLog) {}

  static forRoot(given: KafkaModuleOptions): DynamicModule {
    const options: KafkaOptions = {
      ...given,
      partitions: given.partitions ?? 12,
      replicas: given.replicas ?? 1,
    };
    const eventLog = new KafkaEventLog(options);
    health.ready('kafka', () => eventLog.ping());
    return {
      module: KafkaModule,
      global: true,
      providers: [
        { provide: EventLog, useValue: eventLog },
        { provide: KafkaConsumerServer, useValue: new KafkaConsumerServer(options, eventLog) },
      ],
      exports: [EventLog, KafkaConsumerServer],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.eventLog.close(closeDeadlineMs);
  }
}
