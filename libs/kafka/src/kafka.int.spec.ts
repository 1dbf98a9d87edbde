import { encodeEvent, topics, TopUpSettled, CallStarted, type Event } from '@app/contracts';
import { eventually, testServers, topicPrefix } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Kafka, logLevel } from 'kafkajs';
import { ConsumesBatch } from './consumes-batch.ts';
import type { EventBatch } from './event-batch.ts';
import { KafkaConsumerServer } from './kafka-consumer-server.ts';
import { KafkaEventLog } from './kafka-event-log.ts';
import { KafkaModule } from './kafka.module.ts';

/** What the consumer of this spec does with a batch; each test sets it. */
@Injectable()
class Hand {
  take: (batch: EventBatch) => Promise<void> = () => Promise.resolve();
  audit: (batch: EventBatch) => Promise<void> = () => Promise.resolve();
}

@Controller()
class TopUpsConsumer {
  constructor(private readonly hand: Hand) {}

  @ConsumesBatch(topics.topUps)
  read(batch: EventBatch): Promise<void> {
    return this.hand.take(batch);
  }

  @ConsumesBatch(topics.topUps, { reader: 'audit', eventsMax: 7 })
  audit(batch: EventBatch): Promise<void> {
    return this.hand.audit(batch);
  }
}

const group = 'spec.payments.top-ups.v1';
let prefix: string;
let log: KafkaEventLog;
let running: INestApplication[];

beforeEach(async () => {
  prefix = topicPrefix();
  log = new KafkaEventLog({ ...connection(), clientId: 'spec', groupId: 'spec', partitions: 3, replicas: 1 });
  await log.ensureTopics();
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((app) => app.close()));
  await log.close(5_000);
});

describe('the event log', () => {
  it('keeps the order of each key, whatever is published at the same time', async () => {
    const reading = collect();
    await startConsumer(reading);
    const keys = ['cus_1', 'cus_2', 'cus_3', 'cus_4'];
    const sent = Array.from({ length: 400 }, (_, index) => event(String(index), keys[index % keys.length]));
    await Promise.all(
      sent.map((one) => log.publish(topics.topUps.name, [encodeEvent(topics.topUps.name, one)])),
    );
    await eventually(() => reading.events.length >= sent.length);
    for (const key of keys) {
      const received = reading.events.filter(({ subject }) => subject === key).map(({ id }) => id);
      expect(received).toEqual(sent.filter(({ subject }) => subject === key).map(({ id }) => id));
    }
  });

  it('carries the whole event', async () => {
    const reading = collect();
    await startConsumer(reading);
    await publish(TopUpSettled.sample);
    await eventually(() => reading.events.length > 0);
    expect(reading.events).toEqual([TopUpSettled.sample]);
    expect(reading.batches[0]).toMatchObject({
      group,
      topic: topics.topUps.name,
      firstOffset: '0',
      dense: true,
    });
  });

  it('refuses what is too large for one request, without harm to others', async () => {
    const huge = { key: 'cus_1', headers: {}, value: 'x'.repeat(1_000_000) };
    await expect(log.publish(topics.topUps.name, [huge])).rejects.toThrow('too large for a request');
    await publish(event('1'));
  });

  it('cuts what one caller gives into requests, in order', async () => {
    const reading = collect();
    await startConsumer(reading);
    const large = Array.from({ length: 12 }, (_, index) => {
      const wire = encodeEvent(topics.topUps.name, event(String(index), 'cus_1'));
      return { ...wire, value: wire.value + ' '.repeat(150_000) };
    });
    await log.publish(topics.topUps.name, large);
    await eventually(() => reading.events.length >= large.length);
    expect(reading.events.map(({ id }) => id)).toEqual(large.map((_, index) => String(index)));
  });

  it('rejects what the broker does not acknowledge, and goes on with a new producer', async () => {
    const nowhere = { ...encodeEvent(topics.topUps.name, event('1')) };
    const missing = 'nowhere.at-all.v1' as typeof topics.topUps.name;
    await expect(log.publish(missing, [nowhere])).rejects.toThrow();
    await publish(event('2'));
    await publish(event('3'));
    const reading = collect();
    await startConsumer(reading);
    await eventually(() => reading.events.length >= 2);
    expect(reading.events.map(({ id }) => id)).toEqual(['2', '3']);
  });

  it('can be prepared by many processes at once', async () => {
    const other = () =>
      new KafkaEventLog({
        ...connection(),
        topicPrefix: `${prefix}b-`,
        clientId: 'x',
        groupId: 'x',
        partitions: 1,
        replicas: 1,
      });
    const logs = [other(), other(), other()];
    await Promise.all(logs.map((one) => one.ensureTopics()));
    await Promise.all(logs.map((one) => one.close(1_000)));
  });
});

describe('the consumer', () => {
  it('tries a batch again in place until its handler succeeds, and nothing overtakes', async () => {
    const reading = collect();
    let failures = 3;
    await startConsumer({
      take: (batch) => {
        failures -= 1;
        return failures >= 0 ? Promise.reject(new Error('the database is away')) : reading.take(batch);
      },
    });
    await publish(event('1'));
    await publish(event('2'));
    await eventually(() => reading.events.length >= 2);
    expect(reading.events.map(({ id }) => id)).toEqual(['1', '2']);
    expect(failures).toBeLessThan(0);
  });

  it('commits only what was handled: after a crash before the commit, the batch comes again', async () => {
    const first = collect();
    const app = await startConsumer({
      take: async (batch) => {
        await first.take(batch);
        throw new Error('crash between the database and the offset');
      },
    });
    await publish(event('1'));
    await eventually(() => first.events.length > 0);
    await app.close();
    running = [];
    const second = collect();
    await startConsumer(second);
    await eventually(() => second.events.length > 0);
    expect(second.events.map(({ id }) => id)).toEqual(['1']);
    await eventually(async () => (await lagOf(group)) === 0n);
    expect(await lagOf(group)).toBe(0n);
  });

  it('does not read again what was committed', async () => {
    const first = collect();
    const app = await startConsumer(first);
    await publish(event('1'));
    await eventually(async () => first.events.length > 0 && (await lagOf(group)) === 0n);
    await app.close();
    running = [];
    const second = collect();
    await startConsumer(second);
    await publish(event('2'));
    await eventually(() => second.events.length > 0);
    expect(second.events.map(({ id }) => id)).toEqual(['2']);
  });

  it('lets the batch in hand finish when the process is going down', async () => {
    const reading = collect();
    const app = await startConsumer({
      take: async (batch) => {
        started = true;
        await new Promise((resolve) => setTimeout(resolve, 500));
        await reading.take(batch);
      },
    });
    let started = false;
    await publish(event('1'));
    await eventually(() => started);
    await app.close();
    running = [];
    expect(reading.events.map(({ id }) => id)).toEqual(['1']);
    expect(await lagOf(group)).toBe(0n);
  });

  it('gives up a batch that fails when the process is going down, and the next process has it', async () => {
    let attempts = 0;
    const app = await startConsumer({
      take: () => {
        attempts += 1;
        return Promise.reject(new Error('away'));
      },
    });
    await publish(event('1'));
    await eventually(() => attempts > 2);
    await app.close();
    running = [];
    const reading = collect();
    await startConsumer(reading);
    await eventually(() => reading.events.length > 0);
    expect(reading.events.map(({ id }) => id)).toEqual(['1']);
  });

  it('gives no more events at once than its consumer takes, in order', async () => {
    const few = collect();
    const many = collect();
    const ids = Array.from({ length: 1_200 }, (_, index) => String(index));
    const wire = ids.map((id) => encodeEvent(topics.topUps.name, event(id)));
    await log.publish(topics.topUps.name, wire);
    await startConsumer({ take: many.take, audit: few.take });
    for (const [reading, eventsMax] of [[few, 7] as const, [many, 1_000] as const]) {
      await eventually(() => reading.events.length >= ids.length);
      expect(reading.events.map(({ id }) => id)).toEqual(ids);
      const sizes = reading.batches.map(({ records }) => records.length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(eventsMax);
    }
  });

  it('hands on what is no event of the topic, with its bytes and the reason', async () => {
    const reading = collect();
    await startConsumer(reading);
    await raw('not json', { ...encodeEvent(topics.topUps.name, event('1')).headers });
    await raw(JSON.stringify(CallStarted.sample.data), {
      ...encodeEvent(topics.calls.name, CallStarted.sample).headers,
    });
    await raw('{}', {});
    await eventually(() => reading.batches.flatMap(({ records }) => records).length >= 3);
    const records = reading.batches.flatMap(({ records: some }) => some);
    expect(records.map(({ raw: bytes }) => bytes.toString())).toContain('not json');
    expect(records.map(({ rejected }) => rejected)).toEqual(
      expect.arrayContaining([
        'the body is not JSON',
        'type haoli.CallStarted.v1 is not an event of payments.top-ups.v1',
        expect.stringMatching(/^headers: /),
      ]),
    );
  });

  it('shares partitions with a second process and loses nothing when one of them ends', async () => {
    const one = collect();
    const two = collect();
    const first = await startConsumer(one);
    await startConsumer(two);
    const ids = Array.from({ length: 60 }, (_, index) => String(index));
    for (const id of ids.slice(0, 30)) await publish(event(id, `cus_${id}`));
    running = running.filter((app) => app !== first);
    await first.close();
    for (const id of ids.slice(30)) await publish(event(id, `cus_${id}`));
    await eventually(() => new Set([...one.events, ...two.events].map(({ id }) => id)).size >= ids.length);
    expect(new Set([...one.events, ...two.events].map(({ id }) => id))).toEqual(new Set(ids));
  });

  it('is given parked messages again by the name of its group', async () => {
    const reading = collect();
    const app = await startConsumer(reading);
    await publish(event('1'));
    await eventually(() => reading.batches.length > 0);
    const [batch] = reading.batches;
    if (!batch) throw new Error('a batch');
    const server = app.get(KafkaConsumerServer);
    await server.dispatch({ ...batch, redriveOf: 'prk_1' });
    expect(reading.batches.at(-1)?.redriveOf).toBe('prk_1');
    await expect(server.dispatch({ ...batch, group: 'another' })).rejects.toThrow('No consumer');
  });
});

interface Reading {
  take(batch: EventBatch): Promise<void>;
  audit?(batch: EventBatch): Promise<void>;
}

function collect() {
  const batches: EventBatch[] = [];
  const events: Event[] = [];
  return {
    batches,
    events,
    take: (batch: EventBatch) => {
      batches.push(batch);
      events.push(...batch.records.flatMap(({ event: one }) => (one ? [one] : [])));
      return Promise.resolve();
    },
  };
}

const quiet = { logger: false } as const;

const connection = () => ({ brokers: testServers().kafkaBrokers.split(','), topicPrefix: prefix });

async function startConsumer(reading: Reading): Promise<INestApplication> {
  @Module({
    imports: [KafkaModule.forRoot({ ...connection(), clientId: 'spec', groupId: 'spec', partitions: 3 })],
    controllers: [TopUpsConsumer],
    providers: [{ provide: Hand, useValue: { audit: () => Promise.resolve(), ...reading } }],
  })
  class SpecModule {}

  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class and takes any object.
  const app = await NestFactory.create(SpecModule, new FastifyAdapter(), quiet);
  app.connectMicroservice({ strategy: app.get(KafkaConsumerServer) });
  await app.startAllMicroservices();
  running.push(app);
  return app;
}

const publish = (one: Event) => log.publish(topics.topUps.name, [encodeEvent(topics.topUps.name, one)]);

async function raw(value: string, headers: Record<string, string>): Promise<void> {
  const kafka = new Kafka({ clientId: 'spec', brokers: connection().brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: prefix + topics.topUps.name, messages: [{ key: 'cus_1', value, headers }] });
  await producer.disconnect();
}

const lagOf = async (name: string) => (await log.lag(name)).reduce((sum, { lag }) => sum + lag, 0n);

const event = (id: string, customerId = 'cus_1'): Event => ({
  ...TopUpSettled.sample,
  id,
  subject: customerId,
  data: { ...TopUpSettled.sample.data, customerId },
});
