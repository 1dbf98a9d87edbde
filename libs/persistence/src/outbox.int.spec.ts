import {
  RefundReserved,
  topics,
  TopUpSettled,
  type Event,
  type TopicName,
  type WireEvent,
} from '@app/contracts';
import { EventLog } from '@app/kafka';
import { eventually, freshDatabase } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { Messaging } from './migrations/0001-messaging.ts';
import { Outbox } from './outbox.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { OutboxSignal } from './outbox-signal.ts';
import { outboxTable } from './outbox-source.ts';

/** The port, kept in memory: what was published, in order, and a way to fail. */
class RecordingLog extends EventLog {
  readonly published: { readonly topic: string; readonly key: string; readonly id: string }[] = [];
  failures = 0;

  async publish(topic: TopicName, records: readonly WireEvent[]): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('The broker does not answer.');
    }
    for (const { key, headers } of records) this.published.push({ topic, key, id: headers['ce_id'] ?? '' });
    return Promise.resolve();
  }

  ensureTopics = () => Promise.resolve();
  lag = () => Promise.resolve([]);
  ping = () => Promise.resolve();
  close = () => Promise.resolve();
}

let url: string;
let database: Database;
let signal: OutboxSignal;
let outbox: Outbox;
let relays: OutboxRelay[];

beforeEach(async () => {
  url = await freshDatabase('outbox');
  await migrate({ url, migrations: [Messaging], applicationName: 'spec' });
  database = new Database({ url, applicationName: 'spec', connectionsMax: 12 });
  signal = new OutboxSignal();
  outbox = new Outbox(signal);
  relays = [];
});

afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await database.close();
});

describe('the outbox', () => {
  it('loses nothing under eight writers, where a reader that goes by ids alone does', async () => {
    const log = new RecordingLog();
    startRelay(log);
    const reader = new ReaderById(database);
    const reading = reader.run();
    const written = (await Promise.all(Array.from({ length: 8 }, (_, index) => writeMany(index, 60)))).flat();
    await eventually(() => log.published.length >= written.length);
    reader.stop();
    await reading;

    expect(new Set(log.published.map(({ id }) => id))).toEqual(new Set(written));
    expect(log.published).toHaveLength(written.length);
    for (let writer = 0; writer < 8; writer += 1) {
      const ofKey = log.published.filter(({ key }) => key === `cus_${String(writer)}`).map(({ id }) => id);
      expect(ofKey).toEqual(written.filter((id) => id.startsWith(`w${String(writer)}-`)));
    }
    // The control: were this zero, the test above would prove nothing.
    expect(written.length - reader.seen.size).toBeGreaterThan(0);
  });

  it('is written with the work or not at all', async () => {
    const log = new RecordingLog();
    startRelay(log);
    const rolledBack = database.transaction(async (tx) => {
      await outbox.add(tx, topics.topUps.name, [event('cus_1', 'lost')]);
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    await database.transaction((tx) => outbox.add(tx, topics.topUps.name, [event('cus_1', 'kept')]));
    await eventually(() => log.published.length > 0);
    expect(log.published.map(({ id }) => id)).toEqual(['kept']);
  });

  it('waits for a transaction that began earlier, and then publishes both in the order of transactions', async () => {
    const log = new RecordingLog();
    startRelay(log);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let early: Promise<void> = Promise.resolve();
    await new Promise<void>((written) => {
      early = database.transaction(async (tx) => {
        await outbox.add(tx, topics.topUps.name, [event('cus_1', 'early')]);
        written();
        await held;
      });
    });
    await database.transaction((tx) => outbox.add(tx, topics.topUps.name, [event('cus_1', 'late')]));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(log.published).toEqual([]);
    release();
    await early;
    await eventually(() => log.published.length === 2);
    expect(log.published.map(({ id }) => id)).toEqual(['early', 'late']);
  });

  it('refuses an event that is too large for the broker, before it stands before all others', async () => {
    const items = Array.from({ length: 9_000 }, (_, index) => ({
      ...RefundReserved.sample.data.items[0],
      itemId: `ref_01JD5ZN0A1B2C3D4E5F6G7H8J9.${String(index)}`,
    }));
    const huge = { ...RefundReserved.sample, data: { ...RefundReserved.sample.data, items } };
    await expect(
      database.transaction((tx) => outbox.add(tx, topics.ledgerRefunds.name, [huge as Event])),
    ).rejects.toThrow(RangeError);
    expect(await database.query('SELECT 1 FROM outbox')).toEqual([]);
  });

  it('refuses an event that does not fit its topic, before anything is written', async () => {
    const misfit = { ...event('cus_1', 'misfit'), data: { amount: 5 } };
    await expect(
      database.transaction((tx) => outbox.add(tx, topics.topUps.name, [misfit])),
    ).rejects.toThrow();
    const [{ rows } = { rows: '' }] = await database.query<{ rows: string }>(
      'SELECT count(*) AS rows FROM outbox',
    );
    expect(rows).toBe('0');
  });
});

describe('the relay', () => {
  it('publishes again, in order, what the broker did not acknowledge', async () => {
    const log = new RecordingLog();
    log.failures = 2;
    startRelay(log);
    const written = await writeMany(1, 5);
    await eventually(() => log.published.length >= written.length);
    expect(log.published.map(({ id }) => id)).toEqual(written);
  });

  it('publishes in the order of numbers, not of letters', async () => {
    const log = new RecordingLog();
    startRelay(log);
    const ids = Array.from({ length: 120 }, (_, index) => `e-${String(index)}`);
    const events = ids.map((id) => event('cus_1', id));
    await database.transaction((tx) => outbox.add(tx, topics.topUps.name, events));
    await eventually(() => log.published.length >= ids.length);
    expect(log.published.map(({ id }) => id)).toEqual(ids);
  });

  it('publishes nothing of a source whose order would make it skip rows', async () => {
    const log = new RecordingLog();
    // An output column named like the table's is what ORDER BY means: 10 then comes before 9.
    const byLetters = { ...outboxTable, sql: outboxTable.sql.replaceAll('outbox.', '') };
    const relay = new OutboxRelay({ url, applicationName: 'spec', sources: [byLetters] }, log, signal);
    relays.push(relay);
    relay.start();
    const events = Array.from({ length: 12 }, (_, index) => event('cus_1', `e-${String(index)}`));
    await database.transaction((tx) => outbox.add(tx, topics.topUps.name, events));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(log.published).toEqual([]);
  });

  it('goes on where it stopped, and keeps the rows', async () => {
    const before = new RecordingLog();
    const first = startRelay(before);
    await writeMany(1, 3);
    await eventually(() => before.published.length === 3);
    await first.stop();
    await writeMany(2, 2);
    const after = new RecordingLog();
    startRelay(after);
    await eventually(() => after.published.length >= 2);
    expect(after.published.map(({ key }) => key)).toEqual(['cus_2', 'cus_2']);
    expect(await database.query('SELECT count(*)::integer AS rows FROM outbox')).toEqual([{ rows: 5 }]);
  });

  it('leads in one process at a time, and another takes over when its connection ends', async () => {
    const first = new RecordingLog();
    startRelay(first);
    await writeMany(1, 1);
    await eventually(() => first.published.length === 1);
    const second = new RecordingLog();
    startRelay(second, new OutboxSignal());
    await new Promise((resolve) => setTimeout(resolve, 300));
    await writeMany(1, 1);
    await eventually(() => first.published.length === 2);
    expect(second.published).toEqual([]);

    await relays[0]?.stop();
    await writeMany(1, 1);
    await eventually(() => second.published.length === 1);
    expect(second.published).toHaveLength(1);
  });

  it('survives the end of its connection', async () => {
    const log = new RecordingLog();
    startRelay(log);
    await writeMany(1, 1);
    await eventually(() => log.published.length === 1);
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'spec relay' AND datname = current_database()`,
    );
    await writeMany(1, 1);
    await eventually(() => log.published.length === 2);
    expect(log.published).toHaveLength(2);
  });
});

function startRelay(log: EventLog, ownSignal = signal): OutboxRelay {
  const relay = new OutboxRelay({ url, applicationName: 'spec', sources: [outboxTable] }, log, ownSignal);
  relays.push(relay);
  relay.start();
  return relay;
}

/** Writes one event per transaction, each of which lasts some milliseconds after its insert. */
async function writeMany(writer: number, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    written += 1;
    const id = `w${String(writer)}-${String(written).padStart(6, '0')}`;
    await database.transaction(async (tx) => {
      await outbox.add(tx, topics.topUps.name, [event(`cus_${String(writer)}`, id)]);
      await tx.query('SELECT pg_sleep(random() * 0.01)');
    });
    ids.push(id);
  }
  return ids;
}

let written = 0;

const event = (customerId: string, id: string): Event => ({
  ...TopUpSettled.sample,
  id,
  subject: customerId,
  data: { ...TopUpSettled.sample.data, customerId },
});

/** What one is tempted to write: a cursor on the identity column. */
class ReaderById {
  readonly seen = new Set<string>();
  private stopped = false;
  private last = '0';

  constructor(private readonly from: Database) {}

  async run(): Promise<void> {
    while (!this.stopped) await this.read();
    await this.read();
  }

  stop(): void {
    this.stopped = true;
  }

  private async read(): Promise<void> {
    const rows = await this.from.query<{ id: string; event_id: string }>(
      'SELECT id, event_id FROM outbox WHERE id > $1 ORDER BY id',
      [this.last],
    );
    for (const row of rows) this.seen.add(row.event_id);
    this.last = rows.at(-1)?.id ?? this.last;
  }
}
