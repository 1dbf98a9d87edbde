import { type EventBatch, KafkaConsumerServer, receivedRecord } from '@app/kafka';
import { log, metrics } from '@app/observability';
import { Database, NotParked, stillParkedBy } from '@app/persistence';
import { type Caller, Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import type { DriveAnswer } from './parked-message.ts';
import { type KeptMessage, ParkedMessageStore } from './parked-message.store.ts';
import { notFree } from './parking-problem.ts';

/** A message that its consumer does not finish in this time is left for the next try. */
const driveMsMax = 60_000;

const driven = metrics.counter({
  name: 'parked_messages_driven_total',
  help: 'Parked messages that were driven again, by what became of them.',
  labels: ['consumer', 'outcome'],
});

/** Hands a parked message once more to the very consumer that could not apply it. */
@Injectable()
export class DriveAgainHandler {
  constructor(
    private readonly database: Database,
    private readonly messages: ParkedMessageStore,
    private readonly consumers: KafkaConsumerServer,
  ) {}

  /**
   * Applies it, or parks it again with the new reason; its end is committed with its effect, so the effect comes once whoever
   * else drives it. Throws a Problem where it does not wait, where somebody drives it, and where trying again may help.
   */
  async drive(id: string, by: Caller): Promise<DriveAnswer> {
    const message = await this.taken(id, by);
    const outcome = await this.tried(id, message, by);
    driven.inc({ consumer: message.consumer, outcome });
    log().info(
      { id, consumer: message.consumer, actor: by.subject, outcome },
      'A parked message was driven again',
    );
    return { outcome, message: await this.messages.one(id) };
  }

  /** Who drives it is written down before anything happens. */
  private async taken(id: string, by: Caller): Promise<KeptMessage> {
    const taken = await this.database.transaction(async (tx) => {
      const message = await this.messages.take(tx, id);
      if (message !== undefined)
        await this.messages.write(tx, { parkedId: id, by, action: 'drive', detail: '' });
      return message;
    });
    if (taken === undefined) throw notFree((await this.messages.one(id)).status);
    return taken;
  }

  private async tried(id: string, message: KeptMessage, by: Caller): Promise<DriveAnswer['outcome']> {
    try {
      await this.consumers.dispatch(batchOf(id, message));
      return 'applied';
    } catch (error) {
      if (error instanceof NotParked) throw notFree((await this.messages.one(id)).status);
      const still = stillParkedBy(error);
      if (still === undefined) {
        await this.messages.leave(id);
        log().error({ err: error, id }, 'A parked message could not be tried');
        throw unavailable(error);
      }
      await this.messages.parkAgain(id, by, still);
      return 'parked-again';
    }
  }
}

const unavailable = (cause: unknown): Problem =>
  new Problem(
    {
      code: 'unavailable',
      detail: 'A part that its consumer needs does not answer, so it is not known whether it can be applied.',
      remedy: 'Drive it again when the service is well.',
    },
    { cause },
  );

/** One record as a batch of its own, which stands nowhere on the topic. */
function batchOf(
  id: string,
  { consumer, topic, partition, offset, key, value, headers }: KeptMessage,
): EventBatch {
  return {
    ...{ group: consumer, topic, partition, firstOffset: offset, lastOffset: offset, dense: false },
    records: [receivedRecord(topic, { offset, key: Buffer.from(key), value, headers })],
    redriveOf: id,
    heartbeat: () => Promise.resolve(),
    signal: AbortSignal.timeout(driveMsMax),
  };
}
