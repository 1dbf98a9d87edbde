import { encodeEvent, type Event, type TopicName } from '@app/contracts';
import type { PreparedStatement, Tx } from './database.ts';
import type { OutboxSignal } from './outbox-signal.ts';

/** Events on their way to Kafka, written in the same transaction as what they tell. Rows are kept after publishing. */
export class Outbox {
  constructor(private readonly signal: OutboxSignal) {}

  /**
   * Adds events in one statement. They reach Kafka after the commit, in this order for each key, at least once.
   * The key is the event's subject unless `keyOf` says otherwise. Throws where an event does not fit the topic's schema, or the
   * broker: once it is committed it would stand before all others for ever.
   */
  async add<E extends Event>(
    tx: Tx,
    topic: TopicName,
    events: readonly E[],
    keyOf: (event: E) => string = ({ subject }) => subject,
  ): Promise<void> {
    if (events.length === 0) return;
    const encoded = events.map((event) => encodeEvent(topic, event, keyOf(event)));
    for (const { value } of encoded) checkSize(value);
    await tx.query(addRows, [
      topic,
      encoded.map(({ key }) => key),
      events.map(({ id }) => id),
      encoded.map(({ headers }) => JSON.stringify(headers)),
      encoded.map(({ value }) => value),
    ]);
    tx.afterCommit(() => {
      this.signal.raise();
    });
  }
}

const addRows: PreparedStatement = {
  name: 'outbox_add',
  text: `INSERT INTO outbox (topic, key, event_id, headers, value)
         SELECT $1, row.key, row.event_id, row.headers::json, row.value
           FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
                AS row (key, event_id, headers, value, position)
          ORDER BY row.position`,
};

/** Below what the event log takes in one record, with room for key and headers. */
const valueBytesMax = 800_000;

function checkSize(value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes > valueBytesMax)
    throw new RangeError(`An event of ${String(bytes)} bytes is too large to publish`);
}
