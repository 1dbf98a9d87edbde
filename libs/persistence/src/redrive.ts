import type { Event } from '@app/contracts';
import type { EventBatch } from '@app/kafka';
import type { Tx } from './database.ts';
import { Unprocessable } from './errors.ts';
import { isPermanent, isTaken, reasonOf } from './failures.ts';
import type { ParkedKind, Parking } from './park.ts';

/** A parked message was driven again and can still not be applied; nothing has changed. */
export class StillParked extends Error {
  override readonly name = 'StillParked';

  constructor(
    readonly kind: ParkedKind,
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** The message that should be driven again does not wait any more: it was applied meanwhile, or discarded. */
export class NotParked extends Error {
  override readonly name = 'NotParked';
}

/** Why a message that was driven again stays parked; undefined where the trouble may pass and trying again may help. */
export function stillParkedBy(error: unknown): StillParked | undefined {
  if (error instanceof StillParked) return error;
  return isPermanent(error) || isTaken(error) ? new StillParked('unprocessable', reasonOf(error)) : undefined;
}

/** Keeps everybody else from a parked message until its effect is committed. Throws NotParked where it does not wait any more. */
export async function lockParked(tx: Tx, id: string): Promise<void> {
  const [row] = await tx.query<{ status: string }>(
    'SELECT status FROM parked_message WHERE id = $1 FOR UPDATE',
    [id],
  );
  if (row?.status !== 'parked') throw new NotParked(`${id} is not parked`);
}

/** Ends a message that was driven again, in the transaction of its effect; throws StillParked where it must be parked again. */
export async function endRedriven(tx: Tx, id: string, parkings: readonly Parking[]): Promise<void> {
  const [still] = parkings;
  if (still !== undefined) throw new StillParked(still.kind, still.reason);
  await tx.query(
    `UPDATE parked_message SET status = 'redriven', ended_at = clock_timestamp() WHERE id = $1`,
    [id],
  );
}

/**
 * Throws where the event of a parked message is old news: a later one of its subject was applied since it was parked, and each
 * tells the whole state.
 */
export async function refuseOldNews(tx: Tx, batch: EventBatch, events: readonly Event[]): Promise<void> {
  const [event] = events;
  if (batch.redriveOf === undefined || event === undefined) return;
  const later = await tx.query(
    `SELECT 1 FROM parked_message p
       JOIN inbox i ON i.subject = $2 AND i.consumer = p.consumer AND i.event_id <> $3 AND i.applied_at >= p.parked_at
      WHERE p.id = $1 LIMIT 1`,
    [batch.redriveOf, event.subject, event.id],
  );
  if (later.length === 0) return;
  const reason = `A later state of ${event.subject} was applied; this one would bring an old one back. Discard it.`;
  throw new Unprocessable('old-news', reason);
}
