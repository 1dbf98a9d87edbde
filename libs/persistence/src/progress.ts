import type { EventBatch } from '@app/kafka';
import { log, metrics } from '@app/observability';
import type { PreparedStatement, Tx } from './database.ts';

const incidents = metrics.counter({
  name: 'kafka_offset_incidents_total',
  help: 'Gaps (records that never came) and regressions (new records below what was committed). Each wants a person.',
  labels: ['consumer', 'kind'],
});

// Both run for every batch: planning them takes longer than running them.
const place: PreparedStatement = {
  name: 'consumer_place',
  text: 'SELECT next_offset FROM consumer_progress WHERE consumer = $1 AND partition = $2 FOR UPDATE',
};
const onwards: PreparedStatement = {
  name: 'consumer_onwards',
  text: `INSERT INTO consumer_progress AS progress (consumer, partition, next_offset) VALUES ($1, $2, $3::bigint)
         ON CONFLICT (consumer, partition) DO UPDATE
            SET next_offset = GREATEST(progress.next_offset, excluded.next_offset), moved_at = clock_timestamp()`,
};

/**
 * Locks this consumer's place on the partition and gives the offset that should come next, or undefined at its first batch.
 * The lock makes a second process that still believes it owns the partition wait, and then find everything known.
 */
export async function lockProgress(tx: Tx, { group, partition }: EventBatch): Promise<bigint | undefined> {
  const rows = await tx.query<{ next_offset: string }>(place, [group, partition]);
  return rows[0] === undefined ? undefined : BigInt(rows[0].next_offset);
}

/** Moves the place behind the batch; never back, for offsets are kept to detect trouble and not to skip by. */
export async function advanceProgress(tx: Tx, { group, partition, lastOffset }: EventBatch): Promise<void> {
  await tx.query(onwards, [group, partition, (BigInt(lastOffset) + 1n).toString()]);
}

/** Records that offsets were skipped: with deletion by age and no Kafka transactions they are dense, so records are missing. */
export async function noticeGap(tx: Tx, batch: EventBatch, expected: bigint | undefined): Promise<void> {
  if (expected === undefined || !batch.dense || BigInt(batch.firstOffset) <= expected) return;
  await notice(tx, batch, { kind: 'gap', expected, received: BigInt(batch.firstOffset) });
}

/** Records that an event never seen before came below the committed place: the topic was recreated or cut. It is applied all the same. */
export async function noticeRegression(
  tx: Tx,
  batch: EventBatch,
  place: { readonly expected: bigint | undefined; readonly freshOffset: string | undefined },
): Promise<void> {
  const { expected, freshOffset } = place;
  if (expected === undefined || freshOffset === undefined || BigInt(freshOffset) >= expected) return;
  await notice(tx, batch, { kind: 'regression', expected, received: BigInt(freshOffset) });
}

interface Incident {
  readonly kind: 'gap' | 'regression';
  readonly expected: bigint;
  readonly received: bigint;
}

async function notice(
  tx: Tx,
  { group, partition }: EventBatch,
  { kind, expected, received }: Incident,
): Promise<void> {
  incidents.inc({ consumer: group, kind });
  log().error(
    { consumer: group, partition, expected: String(expected), received: String(received) },
    `Offset ${kind}`,
  );
  await tx.query(
    `INSERT INTO offset_incident (consumer, partition, kind, expected_offset, received_offset)
     VALUES ($1, $2, $3, $4::bigint, $5::bigint)`,
    [group, partition, kind, String(expected), String(received)],
  );
}
