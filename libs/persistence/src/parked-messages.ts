import type { KafkaConsumerServer } from '@app/kafka';
import { receivedRecord } from '@app/kafka';
import type { Database } from './database.ts';
import type { ParkedKind } from './park.ts';

/** A message that waits for a person, or did. */
export interface ParkedMessage {
  readonly id: string;
  readonly consumer: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly eventId: string | null;
  readonly subject: string | null;
  readonly kind: ParkedKind;
  readonly reason: string;
  readonly status: 'parked' | 'redriven' | 'discarded';
  readonly parkedAt: string;
}

/** The messages that were put aside, and what a person can do with them. */
export class ParkedMessages {
  constructor(
    private readonly database: Database,
    private readonly consumers: KafkaConsumerServer | undefined,
  ) {}

  /** The oldest messages that still wait. */
  list({ limit = 50 }: { readonly limit?: number } = {}): Promise<ParkedMessage[]> {
    return this.database.query<ParkedMessage>(
      `${select} WHERE status = 'parked' ORDER BY parked_at, id LIMIT $1`,
      [limit],
    );
  }

  /**
   * Hands a parked message to its consumer once more. On success it is marked as redriven in the same transaction as its effect;
   * otherwise the reason is thrown and it stays parked. Driving a message that was applied meanwhile changes nothing.
   */
  async redrive(id: string): Promise<void> {
    const [row] = await this.database.query<StoredMessage>(
      `SELECT consumer, topic, partition, record_offset, key, headers, value FROM parked_message
        WHERE id = $1 AND status = 'parked'`,
      [id],
    );
    if (row === undefined) throw new TypeError(`${id} is not parked`);
    if (this.consumers === undefined) throw new TypeError('This process has no consumers');
    await this.consumers.dispatch(batchOf(id, row));
  }

  /** Ends a message that a person decided not to apply. It is kept, with its reason. */
  async discard(id: string, reason: string): Promise<void> {
    const rows = await this.database.query(
      `UPDATE parked_message
          SET status = 'discarded', ended_at = clock_timestamp(), reason = reason || ' / discarded: ' || $2
        WHERE id = $1 AND status = 'parked' RETURNING id`,
      [id, reason],
    );
    if (rows.length === 0) throw new TypeError(`${id} is not parked`);
  }
}

const select = `SELECT id, consumer, topic, partition, record_offset AS offset, key, event_id AS "eventId", subject, kind, reason,
                       status, parked_at AS "parkedAt" FROM parked_message`;

interface StoredMessage {
  readonly consumer: string;
  readonly topic: string;
  readonly partition: number;
  readonly record_offset: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

function batchOf(id: string, row: StoredMessage) {
  const offset = row.record_offset;
  const record = receivedRecord(row.topic, {
    offset,
    key: Buffer.from(row.key),
    value: row.value,
    headers: row.headers,
  });
  return {
    group: row.consumer,
    topic: row.topic,
    partition: row.partition,
    firstOffset: offset,
    lastOffset: offset,
    records: [record],
    dense: false,
    redriveOf: id,
    heartbeat: () => Promise.resolve(),
    signal: new AbortController().signal,
  };
}
