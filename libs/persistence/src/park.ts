import { createHash } from 'node:crypto';
import type { EventBatch, ReceivedRecord } from '@app/kafka';
import { log, metrics } from '@app/observability';
import type { Tx } from './database.ts';
import { newId } from './new-id.ts';

/** Why a message waits for a person: it is none of the topic's events, an id came again with other data, or it cannot be applied. */
export type ParkedKind = 'rejected' | 'conflict' | 'unprocessable';

/** A message to put aside. */
export interface Parking {
  readonly record: ReceivedRecord;
  readonly kind: ParkedKind;
  readonly reason: string;
}

const parked = metrics.counter({
  name: 'parked_messages_total',
  help: 'Messages put aside for a person.',
  labels: ['consumer', 'kind'],
});

/** Puts messages aside, bytes and all, in the transaction that moves on. The same message parked again stays one. */
export async function park(tx: Tx, batch: EventBatch, parkings: readonly Parking[]): Promise<void> {
  for (const { record, kind, reason } of parkings) {
    parked.inc({ consumer: batch.group, kind });
    log().error(
      { consumer: batch.group, partition: batch.partition, offset: record.offset, kind, reason },
      'Parked',
    );
    await tx.query(insert, [
      newId('prk'),
      batch.group,
      batch.topic,
      batch.partition,
      record.offset,
      createHash('sha256').update(record.raw).digest(),
      storable(record.key),
      JSON.stringify(record.headers),
      record.raw,
      record.event?.id ?? null,
      record.event?.subject ?? null,
      kind,
      storable(reason.slice(0, reasonCharactersMax)),
    ]);
  }
}

const reasonCharactersMax = 2_000;

/** PostgreSQL's text cannot hold a zero character: such a message must be parked like any other, or it blocks its partition. */
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD');

/** Parked at the start of the transaction: what comes behind the message in its own batch counts as later. */
const insert = `
  INSERT INTO parked_message
         (id, consumer, topic, partition, record_offset, digest, key, headers, value, event_id, subject, kind, reason, parked_at)
  VALUES ($1, $2, $3, $4, $5::bigint, $6, $7, $8::json, $9, $10, $11, $12, $13, now())
  ON CONFLICT (consumer, partition, record_offset, digest) DO NOTHING`;
