import { log } from '@app/observability';
import { Kafka, logLevel, type LogEntry } from 'kafkajs';
import type { KafkaOptions } from './kafka-options.ts';

/** The connection settings of every producer, consumer and admin client. */
export function kafkaClient(options: KafkaOptions): Kafka {
  return new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: 3_000,
    requestTimeout: 6_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
    logLevel: logLevel.WARN,
    logCreator: () => writeLog,
  });
}

/** One step less loud than kafkajs: what it calls an error is tried again by itself, and what is not, we throw and log. */
function writeLog({ level, namespace, log: { message, ...details } }: LogEntry): void {
  const { timestamp: _timestamp, logger: _logger, ...rest } = details;
  const text = `kafkajs ${namespace}: ${message}`;
  if (level === logLevel.ERROR) log().warn(rest, text);
  else log().debug(rest, text);
}
