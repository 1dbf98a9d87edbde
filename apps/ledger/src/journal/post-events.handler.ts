import { InvalidInstant } from '@app/bookkeeping';
import type { Event } from '@app/contracts';
import type { EventBatch, ReceivedRecord } from '@app/kafka';
import { Inbox, park, StillParked, Unprocessable, type Parking } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Journal, type Outcome, type PostRequest } from './journal.ts';
import { postPatiently } from './post-patiently.ts';
import { refusalText } from './refusal-text.ts';

/** What an event asks of the journal; undefined where it asks nothing. Throws Unprocessable where it cannot be read. */
export type RequestOf<E extends Event> = (event: E) => PostRequest | undefined;

/** A record, and what it asks of the journal or why it cannot be read. */
interface Reading {
  readonly record: ReceivedRecord;
  readonly request?: PostRequest;
  readonly problem?: string;
}

/** How long events wait for the book of their customer; after that the customer does not exist, and they are parked. */
const bookWaitMsMax = 30_000;

/**
 * Posts the events of a batch. The journal knows repeated events by itself, for ever, so it is written first and the place on the
 * topic after it: whatever happens between, the events come again and change nothing. What cannot be applied is parked.
 */
@Injectable()
export class PostEventsHandler {
  constructor(
    private readonly journal: Journal,
    private readonly inbox: Inbox,
  ) {}

  async handle<E extends Event>(batch: EventBatch, requestOf: RequestOf<E>): Promise<void> {
    const readings = batch.records.flatMap((record) =>
      record.event === undefined ? [] : [readingOf(record, () => requestOf(record.event as E))],
    );
    const asking = readings.filter((reading) => reading.request !== undefined);
    const outcomes = await postPatiently(
      this.journal,
      asking.flatMap(({ request }) => request ?? []),
      { signal: batch.signal, waitMsMax: batch.redriveOf === undefined ? bookWaitMsMax : 0, pause },
    );
    // A partition that is gone is read again by its next owner, who may find the book open.
    batch.signal.throwIfAborted();
    const parkings = [
      ...readings.flatMap(({ record, problem }) =>
        problem === undefined ? [] : [unprocessable(record, problem)],
      ),
      ...asking.flatMap(({ record }, index) => parkingOf(record, outcomes[index])),
    ];
    const [still] = parkings;
    if (batch.redriveOf !== undefined && still !== undefined) throw new StillParked(still.kind, still.reason);
    await this.inbox.follow(batch, (tx) => park(tx, batch, parkings));
  }
}

function readingOf(record: ReceivedRecord, read: () => PostRequest | undefined): Reading {
  try {
    const request = read();
    return request === undefined ? { record } : { record, request };
  } catch (error) {
    if (error instanceof Unprocessable || error instanceof InvalidInstant)
      return { record, problem: error.message };
    throw error;
  }
}

/** A conflict, a refusal or a broken rule waits for a person; everything else is done. */
function parkingOf(record: ReceivedRecord, outcome: Outcome | undefined): Parking[] {
  if (outcome?.kind === 'conflict') return [{ record, kind: 'conflict', reason: outcome.reason }];
  if (outcome?.kind === 'refused') return [unprocessable(record, refusalText(outcome.refusal))];
  if (outcome?.kind === 'failed') return [unprocessable(record, outcome.reason)];
  return [];
}

const unprocessable = (record: ReceivedRecord, reason: string): Parking => ({
  record,
  kind: 'unprocessable',
  reason,
});
