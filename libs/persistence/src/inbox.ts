import type { Event } from '@app/contracts';
import type { EventBatch, ReceivedRecord } from '@app/kafka';
import { metrics } from '@app/observability';
import type { Database, PreparedStatement, Tx } from './database.ts';
import { isPermanent, isTaken, reasonOf } from './failures.ts';
import { fingerprintOf } from './fingerprint.ts';
import { park, type Parking } from './park.ts';
import { advanceProgress, lockProgress, noticeGap, noticeRegression } from './progress.ts';
import { endRedriven, lockParked, refuseOldNews } from './redrive.ts';

/** What a batch does to the service's own rows, inside the transaction that also remembers the events. */
export type Effect<E extends Event = Event> = (tx: Tx, fresh: readonly E[]) => Promise<void>;

/** A record that is an event of its topic. */
type EventRecord = Extract<ReceivedRecord, { readonly event: Event }>;

const repeats = metrics.counter({
  name: 'inbox_repeats_total',
  help: 'Events that came again and changed nothing.',
  labels: ['consumer'],
});

/** Applies batches exactly once in effect: ids, effect, parked messages and progress are one transaction. */
export class Inbox {
  constructor(private readonly database: Database) {}

  /**
   * Applies the events of a batch that were not applied before, in order.
   * A known id with the same data is skipped; with other data it is parked as a conflict. What is no event is parked as rejected.
   * Where the effect throws for good (see Unprocessable), the one event it cannot stand is found by halving and parked; what was
   * before and after it is applied. Any other error is thrown on and the batch comes again.
   */
  async apply<E extends Event = Event>(batch: EventBatch, effect: Effect<E>): Promise<void> {
    await this.applyBy(batch, effect, rememberedIn);
  }

  /**
   * As `apply`, for events that each tell the whole state of their subject and whose effect cannot tell an old one by itself:
   * a parked one that is driven again stays parked where a later one of its subject was applied since.
   */
  async applyNewest<E extends Event = Event>(batch: EventBatch, effect: Effect<E>): Promise<void> {
    await this.apply<E>(batch, async (tx, fresh) => {
      await refuseOldNews(tx, batch, fresh);
      await effect(tx, fresh);
    });
  }

  /**
   * As `apply`, for an effect that knows repeated events by itself (the journal is unique by book and event id): no ids are
   * kept here, and the effect is given repeated events too.
   */
  async follow<E extends Event = Event>(batch: EventBatch, effect: Effect<E>): Promise<void> {
    await this.applyBy(batch, effect, (_tx, _group, records) =>
      Promise.resolve({ fresh: records, conflicts: [] }),
    );
  }

  private async applyBy<E extends Event>(
    batch: EventBatch,
    effect: Effect<E>,
    remember: Remember,
  ): Promise<void> {
    try {
      await insistently(() =>
        this.database.transaction((tx) => applyOnce(tx, batch, { effect: effect as Effect, remember })),
      );
    } catch (error) {
      if (batch.redriveOf !== undefined || !(isPermanent(error) || isTaken(error))) throw error;
      await this.isolate(batch, effect, { remember, error });
    }
  }

  /** Halves the batch until the event that cannot be applied stands alone, and parks it. */
  private async isolate<E extends Event>(
    batch: EventBatch,
    effect: Effect<E>,
    { remember, error }: { readonly remember: Remember; readonly error: unknown },
  ): Promise<void> {
    const { records } = batch;
    const [only] = records;
    if (only !== undefined && records.length === 1) {
      const parking: Parking = { record: only, kind: 'unprocessable', reason: reasonOf(error) };
      await this.database.transaction((tx) => moveOn(tx, batch, [parking]));
      return;
    }
    const middle = Math.ceil(records.length / 2);
    await this.applyBy(partOf(batch, 0, middle), effect, remember);
    await this.applyBy(partOf(batch, middle, records.length), effect, remember);
  }
}

const takenAttemptsMax = 3;

/** Tries again at once where a key is taken, a few times: an event that meets a taken key for ever must not block its partition. */
async function insistently(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isTaken(error) || attempt === takenAttemptsMax) throw error;
    }
  }
}

/** Says which records are new to a consumer, and remembers them. */
type Remember = (tx: Tx, consumer: string, records: readonly EventRecord[]) => Promise<Remembered>;

interface Remembered {
  readonly fresh: readonly EventRecord[];
  readonly conflicts: readonly EventRecord[];
}

async function applyOnce(
  tx: Tx,
  batch: EventBatch,
  { effect, remember }: { readonly effect: Effect; readonly remember: Remember },
): Promise<void> {
  const expected = await placeOf(tx, batch);
  const events = batch.records.filter((record): record is EventRecord => record.event !== undefined);
  const { fresh, conflicts } = await remember(tx, batch.group, events);
  repeats.inc({ consumer: batch.group }, events.length - fresh.length - conflicts.length);
  if (remember === rememberedIn)
    await noticeRegression(tx, batch, { expected, freshOffset: fresh[0]?.offset });
  if (fresh.length > 0) {
    await effect(
      tx,
      fresh.map(({ event }) => event),
    );
  }
  await settle(tx, batch, [...rejections(batch), ...conflicts.map(conflicting)]);
}

async function moveOn(tx: Tx, batch: EventBatch, parkings: readonly Parking[]): Promise<void> {
  await placeOf(tx, batch);
  await settle(tx, batch, parkings);
}

async function placeOf(tx: Tx, batch: EventBatch): Promise<bigint | undefined> {
  if (batch.redriveOf !== undefined) {
    await lockParked(tx, batch.redriveOf);
    return undefined;
  }
  const expected = await lockProgress(tx, batch);
  await noticeGap(tx, batch, expected);
  return expected;
}

/** Ends a batch: parks what must be parked and moves the place, or ends the parked message that was driven again. */
async function settle(tx: Tx, batch: EventBatch, parkings: readonly Parking[]): Promise<void> {
  if (batch.redriveOf !== undefined) return endRedriven(tx, batch.redriveOf, parkings);
  await park(tx, batch, parkings);
  await advanceProgress(tx, batch);
}

const rejections = (batch: EventBatch): Parking[] =>
  batch.records.flatMap((record) =>
    record.rejected === undefined ? [] : [{ record, kind: 'rejected' as const, reason: record.rejected }],
  );

const conflicting = (record: EventRecord): Parking => ({
  record,
  kind: 'conflict',
  reason: `The event ${record.event.id} was applied before with other data.`,
});

/** An event with what it says, to be compared. */
interface Marked {
  readonly record: EventRecord;
  readonly key: string;
  readonly fingerprint: Buffer;
}

/** Inserts the ids of all events at once; those that were not inserted are known, with these data or with others. */
async function rememberedIn(tx: Tx, consumer: string, records: readonly EventRecord[]): Promise<Remembered> {
  const marked = records.map((record): Marked => {
    const { subject, id } = record.event;
    return { record, key: `${subject} ${id}`, fingerprint: fingerprintOf(record.event) };
  });
  const firsts = new Map<string, Marked>();
  for (const one of marked) if (!firsts.has(one.key)) firsts.set(one.key, one);
  const known = await insertIds(tx, consumer, [...firsts.values()]);
  const isFresh = (one: Marked) => firsts.get(one.key) === one && !known.has(one.key);
  const differs = (one: Marked) =>
    (known.get(one.key) ?? firsts.get(one.key)?.fingerprint)?.equals(one.fingerprint) !== true;
  return {
    fresh: marked.filter(isFresh).map(({ record }) => record),
    conflicts: marked.filter((one) => !isFresh(one) && differs(one)).map(({ record }) => record),
  };
}

const remember: PreparedStatement = {
  name: 'inbox_remember',
  text: `INSERT INTO inbox (subject, consumer, event_id, fingerprint)
         SELECT subject, $1, event_id, fingerprint
           FROM unnest($2::text[], $3::text[], $4::bytea[]) AS row (subject, event_id, fingerprint)
          ORDER BY subject, event_id
         ON CONFLICT DO NOTHING RETURNING subject, event_id`,
};

/** Inserts ids and gives the fingerprints of those that were there before, by subject and id. */
async function insertIds(
  tx: Tx,
  consumer: string,
  events: readonly Marked[],
): Promise<ReadonlyMap<string, Buffer>> {
  if (events.length === 0) return new Map();
  const subjects = events.map(({ record }) => record.event.subject);
  const ids = events.map(({ record }) => record.event.id);
  const inserted = await tx.query<{ subject: string; event_id: string }>(remember, [
    consumer,
    subjects,
    ids,
    events.map(({ fingerprint }) => fingerprint),
  ]);
  if (inserted.length === events.length) return new Map();
  const fresh = new Set(inserted.map(({ subject, event_id: id }) => `${subject} ${id}`));
  const known = await tx.query<{ subject: string; event_id: string; fingerprint: Buffer }>(
    `SELECT inbox.subject, inbox.event_id, inbox.fingerprint
       FROM unnest($2::text[], $3::text[]) AS row (subject, event_id)
       JOIN inbox ON inbox.subject = row.subject AND inbox.consumer = $1 AND inbox.event_id = row.event_id`,
    [consumer, subjects, ids],
  );
  return new Map(
    known
      .map((row) => [`${row.subject} ${row.event_id}`, row.fingerprint] as const)
      .filter(([key]) => !fresh.has(key)),
  );
}

/** A part of a batch, as a batch of its own. The parts of a batch follow each other without a gap. */
function partOf(batch: EventBatch, start: number, end: number): EventBatch {
  const records = batch.records.slice(start, end);
  return {
    ...batch,
    records,
    firstOffset: start === 0 ? batch.firstOffset : (records[0]?.offset ?? batch.firstOffset),
    lastOffset:
      end === batch.records.length ? batch.lastOffset : (records.at(-1)?.offset ?? batch.lastOffset),
  };
}
