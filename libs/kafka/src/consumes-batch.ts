import type { Topic } from '@app/contracts';
import { applyDecorators, Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';

/** Nest's name for our transport: handlers of other transports are not given to it. */
export const kafkaBatchTransport = Symbol('haoli.kafka-batch');

/** What a handler reads: the topic, and a part of the group's name where one service reads a topic twice. */
export interface BatchPattern {
  readonly topic: string;
  readonly reader: string;
}

/** How a topic is read. */
interface Consuming {
  /** Names a second, independent reader of the same topic in the same service. */
  readonly reader?: string;
  /** The most events of one batch; more where the consumer has a use for them. */
  readonly eventsMax?: number;
  /** How long what comes gathers behind a batch that was not full, in milliseconds. A lone event is applied at once. */
  readonly gatherMs?: number;
}

/** For what comes with every call: nobody waits for one of them, and a batch costs milliseconds however small it is. */
export const gatherCallsMs = 250;

/** Hands the handler's own error to the batch runner; Nest's default filter would hide it. */
@Catch()
class Rethrow implements RpcExceptionFilter<unknown> {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Marks a controller's method `(batch: EventBatch) => Promise<void>` as the reader of a topic.
 * When it resolves, its effect is committed and the offset follows; when it throws, the batch is tried again in place.
 */
export const ConsumesBatch = (
  topic: Topic,
  { reader = '', eventsMax = 1_000, gatherMs = 100 }: Consuming = {},
): MethodDecorator =>
  applyDecorators(
    EventPattern({ topic: topic.name, reader } satisfies BatchPattern, kafkaBatchTransport, {
      eventsMax,
      gatherMs,
    }),
    UseFilters(new Rethrow()),
  );
