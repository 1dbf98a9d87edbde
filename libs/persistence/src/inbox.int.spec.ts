import { encodeEvent, topics, TopUpSettled, type Event } from '@app/contracts';
import { InvariantViolation } from '@app/decider';
import { receivedRecord, type EventBatch } from '@app/kafka';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Database, type Tx } from './database.ts';
import { Unprocessable } from './errors.ts';
import { Inbox, type Effect } from './inbox.ts';
import { migrate } from './migrate.ts';
import { Messaging } from './migrations/0001-messaging.ts';

const group = 'ledger.payments.top-ups.v1';
let database: Database;
let inbox: Inbox;

beforeAll(async () => {
  const url = await freshDatabase('inbox');
  await migrate({ url, migrations: [Messaging], applicationName: 'spec' });
  database = new Database({ url, applicationName: 'spec' });
  inbox = new Inbox(database);
  await database.query(
    'CREATE TABLE credited (event_id text PRIMARY KEY, amount numeric(38,18) CHECK (amount < 1000))',
  );
});

afterAll(() => database.close());

beforeEach(() =>
  database.query('TRUNCATE credited, inbox, consumer_progress, offset_incident, parked_message'),
);

describe('the inbox', () => {
  it('applies each event once, however often its batch comes', async () => {
    const batch = batchOf(0, [event('1'), event('2')]);
    await inbox.apply(batch, credit);
    await inbox.apply(batch, credit);
    await inbox.apply(batchOf(1, [event('2'), event('3')]), credit);
    expect(await credited()).toEqual(['1', '2', '3']);
    expect(await progress()).toBe('3');
    expect(await parked()).toEqual([]);
  });

  it('applies an event once that is twice in one batch', async () => {
    await inbox.apply(batchOf(0, [event('1'), event('1')]), credit);
    expect(await credited()).toEqual(['1']);
  });

  it('lets only one of two that believe they own the partition apply a batch', async () => {
    const batch = batchOf(0, [event('1'), event('2')]);
    const slowly: Effect = async (tx, fresh) => {
      await credit(tx, fresh);
      await tx.query('SELECT pg_sleep(0.1)');
    };
    await Promise.all([inbox.apply(batch, slowly), inbox.apply(batch, slowly)]);
    expect(await credited()).toEqual(['1', '2']);
  });

  it('takes the effect back with everything else where anything fails, and throws what may pass', async () => {
    const batch = batchOf(0, [event('1')]);
    const losing: Effect = async (tx, fresh) => {
      await credit(tx, fresh);
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    };
    await expect(inbox.apply(batch, losing)).rejects.toThrow('ECONNREFUSED');
    expect(await credited()).toEqual([]);
    expect(await progress()).toBeUndefined();
    await inbox.apply(batch, credit);
    expect(await credited()).toEqual(['1']);
  });

  it('parks an id that comes again with other data as a conflict, and changes nothing', async () => {
    await inbox.apply(batchOf(0, [event('1', '50')]), credit);
    await inbox.apply(batchOf(1, [event('1', '51'), event('2', '5')]), credit);
    expect(await credited()).toEqual(['1', '2']);
    expect(await parked()).toEqual([
      { kind: 'conflict', event_id: '1', reason: 'The event 1 was applied before with other data.' },
    ]);
    expect(await progress()).toBe('3');
  });

  it('parks what is no event, with its bytes and the reason, and moves on', async () => {
    const broken = receivedRecord(topics.topUps.name, {
      offset: '1',
      key: Buffer.from('cus_1'),
      value: Buffer.from('{"amount": 0.1}'),
      headers: { ...encodeEvent(topics.topUps.name, event('x')).headers },
    });
    const [first, , last] = batchOf(0, [event('1'), event('2'), event('3')]).records;
    if (!first || !last) throw new Error('three records');
    await inbox.apply({ ...batchOf(0, []), records: [first, broken, last], lastOffset: '2' }, credit);
    expect(await credited()).toEqual(['1', '3']);
    const [message] = await database.query<{ reason: string; value: Buffer }>(
      'SELECT reason, value FROM parked_message',
    );
    expect(message?.reason).toMatch(/^data: /);
    expect(message?.value.toString()).toBe('{"amount": 0.1}');
    expect(await progress()).toBe('3');
  });

  const misfit = z.object({}).safeParse(1).error ?? new Error('it parsed');
  const poisons: readonly (readonly [string, () => Error, string])[] = [
    [
      'breaks a rule of ours',
      () => new InvariantViolation('two currencies'),
      'InvariantViolation: two currencies',
    ],
    [
      'can never be applied',
      () => new Unprocessable('charge-differs', '0.1 is not 0.2'),
      'charge-differs: 0.1 is not 0.2',
    ],
    ['meets a bug', () => new TypeError('x is undefined'), 'TypeError: x is undefined'],
    ['would tell what is no event', () => misfit, `ZodError: ${misfit.message}`],
  ];

  it.each(poisons)(
    'parks the one event of a batch that %s, and applies all others',
    async (_why, error, reason) => {
      const events = Array.from({ length: 21 }, (_, index) => event(String(index + 10)));
      const poisoned: Effect = async (tx, fresh) => {
        await credit(tx, fresh);
        if (fresh.some(({ id }) => id === '17')) throw error();
      };
      await inbox.apply(batchOf(0, events), poisoned);
      expect(await credited()).toEqual(events.map(({ id }) => id).filter((id) => id !== '17'));
      expect(await parked()).toEqual([{ kind: 'unprocessable', event_id: '17', reason }]);
      expect(await progress()).toBe('21');
    },
  );

  it('parks an event that the database refuses', async () => {
    await inbox.apply(batchOf(0, [event('1', '5'), event('2', '5000'), event('3', '5')]), credit);
    expect(await credited()).toEqual(['1', '3']);
    expect(await parked()).toMatchObject([{ kind: 'unprocessable', event_id: '2' }]);
  });

  it('parks a message whose key no text column can hold, and moves on', async () => {
    const [good] = batchOf(1, [event('2')]).records;
    if (!good) throw new Error('one record');
    const poison = receivedRecord(topics.topUps.name, {
      offset: '0',
      key: Buffer.from([0x63, 0, 0x75]),
      value: Buffer.from('{}'),
      headers: { ce_id: Buffer.from('a\u0000b') },
    });
    await inbox.apply({ ...batchOf(0, []), records: [poison, good], lastOffset: '1' }, credit);
    expect(await credited()).toEqual(['2']);
    expect(await parked()).toMatchObject([{ kind: 'rejected' }]);
    expect(await progress()).toBe('2');
  });

  it('parks an event that meets a taken key at every attempt, and applies all others', async () => {
    await database.query(`INSERT INTO credited VALUES ('2', 1)`);
    await inbox.apply(batchOf(0, [event('1'), event('2'), event('3')]), credit);
    expect(await credited()).toEqual(['1', '2', '3']);
    expect(await parked()).toMatchObject([{ kind: 'unprocessable', event_id: '2' }]);
    expect(await progress()).toBe('3');
  });

  it('parks a message once, however often its batch comes', async () => {
    const refusing: Effect = () => Promise.reject(new Unprocessable('no', 'never'));
    await inbox.apply(batchOf(0, [event('1')]), refusing);
    await inbox.apply(batchOf(0, [event('1')]), refusing);
    expect(await parked()).toHaveLength(1);
  });

  it('applies a parked event when it is driven again, and ends it', async () => {
    await inbox.apply(batchOf(0, [event('1')]), () => Promise.reject(new Unprocessable('no', 'not yet')));
    const [message] = await database.query<{ id: string }>('SELECT id FROM parked_message');
    const again = { ...batchOf(0, [event('1')]), redriveOf: message?.id ?? '' };
    await expect(inbox.apply(again, () => Promise.reject(new Unprocessable('no', 'still')))).rejects.toThrow(
      'still',
    );
    expect(await statuses()).toEqual(['parked']);
    await inbox.apply(again, credit);
    await expect(inbox.apply(again, credit)).rejects.toThrow('is not parked');
    expect(await credited()).toEqual(['1']);
    expect(await statuses()).toEqual(['redriven']);
  });

  it('keeps an old state parked where a later one of the same subject was applied, and only there', async () => {
    const refuse =
      (id: string): Effect =>
      (tx, fresh) =>
        fresh.some((one) => one.id === id)
          ? Promise.reject(new Unprocessable('no', 'not yet'))
          : credit(tx, fresh);
    const drive = async (id: string, of: Event) => {
      const [message] = await database.query<{ id: string }>(
        'SELECT id FROM parked_message WHERE event_id = $1',
        [id],
      );
      return inbox.applyNewest({ ...batchOf(0, [of]), redriveOf: message?.id ?? '' }, credit);
    };
    await inbox.applyNewest(batchOf(0, [event('1'), event('2'), event('3')]), refuse('2'));
    await expect(drive('2', event('2'))).rejects.toThrow('A later state of');
    await inbox.applyNewest(batchOf(3, [event('4')]), refuse('4'));
    await drive('4', event('4'));
    expect(await credited()).toEqual(['1', '3', '4']);
  });
});

describe('offsets', () => {
  it('tell of records that never came, and the batch is applied', async () => {
    await inbox.apply(batchOf(0, [event('1')]), credit);
    await inbox.apply(batchOf(5, [event('6')]), credit);
    expect(await incidents()).toEqual([{ kind: 'gap', expected_offset: '1', received_offset: '5' }]);
    expect(await credited()).toEqual(['1', '6']);
  });

  it('tell of a topic that begins again, and its new events are applied', async () => {
    await inbox.apply(batchOf(100, [event('1')]), credit);
    await inbox.apply(batchOf(0, [event('2')]), credit);
    expect(await incidents()).toEqual([{ kind: 'regression', expected_offset: '101', received_offset: '0' }]);
    expect(await credited()).toEqual(['1', '2']);
    expect(await progress()).toBe('101');
  });

  it('say nothing of an ordinary redelivery, nor of gaps on a compacted topic', async () => {
    await inbox.apply(batchOf(0, [event('1')]), credit);
    await inbox.apply(batchOf(0, [event('1')]), credit);
    await inbox.apply({ ...batchOf(7, [event('2')]), dense: false }, credit);
    expect(await incidents()).toEqual([]);
  });
});

describe('following without remembered ids', () => {
  it('gives repeated events to an effect that knows them by itself, and still moves, parks and notices gaps', async () => {
    const seen: string[] = [];
    const effect: Effect = (_tx, fresh) => {
      seen.push(...fresh.map(({ id }) => id));
      return fresh.some(({ id }) => id === 'bad')
        ? Promise.reject(new Unprocessable('no', 'never'))
        : Promise.resolve();
    };
    await inbox.follow(batchOf(0, [event('1')]), effect);
    await inbox.follow(batchOf(0, [event('1')]), effect);
    await inbox.follow(batchOf(3, [event('bad')]), effect);
    expect(seen).toEqual(['1', '1', 'bad']);
    expect(await incidents()).toMatchObject([{ kind: 'gap' }]);
    expect(await parked()).toMatchObject([{ event_id: 'bad' }]);
    expect(await progress()).toBe('4');
  });
});

const credit: Effect = async (tx: Tx, fresh) => {
  await tx.query('INSERT INTO credited SELECT * FROM unnest($1::text[], $2::numeric[])', [
    fresh.map(({ id }) => id),
    fresh.map(({ data }) => (data as { paid: { amount: string } }).paid.amount),
  ]);
};

function event(id: string, amount = '50'): Event {
  const { data } = TopUpSettled.sample;
  return { ...TopUpSettled.sample, id, data: { ...data, paid: { ...data.paid, amount } } };
}

function batchOf(firstOffset: number, events: readonly Event[]): EventBatch {
  const records = events.map((one, index) => {
    const { key, headers, value } = encodeEvent(topics.topUps.name, one);
    return receivedRecord(topics.topUps.name, {
      offset: String(firstOffset + index),
      key: Buffer.from(key),
      value: Buffer.from(value),
      headers: { ...headers },
    });
  });
  return {
    group,
    topic: topics.topUps.name,
    partition: 0,
    firstOffset: String(firstOffset),
    lastOffset: String(firstOffset + Math.max(0, events.length - 1)),
    records,
    dense: true,
    heartbeat: () => Promise.resolve(),
    signal: new AbortController().signal,
  };
}

const credited = async () =>
  (await database.query<{ event_id: string }>('SELECT event_id FROM credited ORDER BY event_id')).map(
    (row) => row.event_id,
  );

const progress = async () =>
  (await database.query<{ next_offset: string }>('SELECT next_offset FROM consumer_progress'))[0]
    ?.next_offset;

const parked = () => database.query('SELECT kind, event_id, reason FROM parked_message ORDER BY event_id');

const statuses = async () =>
  (await database.query<{ status: string }>('SELECT status FROM parked_message')).map(({ status }) => status);

const incidents = () =>
  database.query('SELECT kind, expected_offset, received_offset FROM offset_incident ORDER BY id');
