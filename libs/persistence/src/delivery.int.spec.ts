import { topics, TopUpSettled, type Event } from '@app/contracts';
import { ConsumesBatch, EventLog, KafkaEventLog, KafkaModule, type EventBatch } from '@app/kafka';
import { eventually, freshDatabase, testServers, topicPrefix } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { KafkaConsumerServer } from '@app/kafka';
import { Database } from './database.ts';
import { Unprocessable } from './errors.ts';
import { Inbox } from './inbox.ts';
import { Messaging } from './migrations/0001-messaging.ts';
import { Outbox } from './outbox.ts';
import { PersistenceModule } from './persistence.module.ts';

/** What goes wrong on purpose; each test sets it. */
const trouble = { crashesAfterCommit: 0, refuses: new Set<string>() };

/** Adds up what customers paid in: not idempotent by itself, so that every repetition would show. */
@Controller()
class CreditsConsumer {
  constructor(private readonly inbox: Inbox) {}

  @ConsumesBatch(topics.topUps)
  async read(batch: EventBatch): Promise<void> {
    await this.inbox.apply(batch, async (tx, fresh) => {
      const refused = fresh.find(({ id }) => trouble.refuses.has(id));
      if (refused) throw new Unprocessable('refused', `${refused.id} is refused by this spec`);
      await tx.query(
        `INSERT INTO credit AS c SELECT subject, count(*) FROM unnest($1::text[]) AS row (subject) GROUP BY subject
         ON CONFLICT (customer_id) DO UPDATE SET n = c.n + excluded.n`,
        [fresh.map(({ subject }) => subject)],
      );
    });
    if (trouble.crashesAfterCommit > 0) {
      trouble.crashesAfterCommit -= 1;
      throw new Error('crash between the commit and the offset');
    }
  }
}

let url: string;
let prefix: string;
let app: INestApplication;

beforeEach(async () => {
  url = await freshDatabase('delivery');
  prefix = topicPrefix();
  trouble.crashesAfterCommit = 0;
  trouble.refuses.clear();
  app = await start();
});

afterEach(() => app.close());

describe('an event on its way from one database to another', () => {
  it('has its effect once, through crashes between commit and offset and through restarts', async () => {
    trouble.crashesAfterCommit = 5;
    for (let round = 0; round < 10; round += 1) await write(round, 20);
    await eventually(async () => (await total()) >= 100);
    await app.close();
    app = await start();
    await write(10, 20);
    await eventually(async () => (await total()) >= 220);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await total()).toBe(220);
    expect(trouble.crashesAfterCommit).toBe(0);
  });

  it('has its effect once when the whole outbox is published again', async () => {
    await write(0, 30);
    await eventually(async () => (await total()) >= 30);
    await database().query('DELETE FROM outbox_cursor');
    await app.close();
    app = await start();
    await write(1, 1);
    await eventually(async () => (await total()) >= 31);
    expect(await total()).toBe(31);
  });

  it('is parked with its reason when it cannot be applied, and the partition moves on', async () => {
    trouble.refuses.add('1-3');
    await write(1, 6);
    await eventually(async () => (await total()) >= 5);
    expect(await database().query('SELECT event_id, kind, reason, status FROM parked_message')).toEqual([
      {
        event_id: '1-3',
        kind: 'unprocessable',
        reason: 'refused: 1-3 is refused by this spec',
        status: 'parked',
      },
    ]);
    expect(await total()).toBe(5);
  });

  it('is told as missing where Kafka lost what came before it', async () => {
    await write(1, 3);
    await eventually(async () => (await total()) >= 3);
    await database().query('UPDATE consumer_progress SET next_offset = next_offset - 2');
    await write(2, 1);
    await eventually(async () => (await total()) >= 4);
    expect(await database().query('SELECT kind FROM offset_incident')).toEqual([{ kind: 'gap' }]);
  });
});

const quiet = { logger: false } as const;

const database = () => app.get(Database);

async function start(): Promise<INestApplication> {
  const kafka = { brokers: testServers().kafkaBrokers.split(','), topicPrefix: prefix };
  @Module({
    imports: [
      KafkaModule.forRoot({ ...kafka, clientId: 'spec', groupId: 'spec', partitions: 2 }),
      PersistenceModule.forRoot({ url, migrations: [Messaging], applicationName: 'spec' }),
    ],
    controllers: [CreditsConsumer],
  })
  class SpecModule {}
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class and takes any object.
  const started = await NestFactory.create(SpecModule, new FastifyAdapter(), quiet);
  await started
    .get(Database)
    .query('CREATE TABLE IF NOT EXISTS credit (customer_id text PRIMARY KEY, n integer NOT NULL)');
  started.connectMicroservice({ strategy: started.get(KafkaConsumerServer) });
  await started.init();
  await started.startAllMicroservices();
  expect(started.get(EventLog)).toBeInstanceOf(KafkaEventLog);
  return started;
}

async function write(round: number, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => event(`${String(round)}-${String(index)}`));
  await database().transaction((tx) => app.get(Outbox).add(tx, topics.topUps.name, events));
}

const event = (id: string): Event => ({
  ...TopUpSettled.sample,
  id,
  subject: 'cus_1',
  data: { ...TopUpSettled.sample.data, customerId: 'cus_1' },
});

async function total(): Promise<number> {
  const [row] = await database().query<{ n: number }>('SELECT coalesce(sum(n), 0)::integer AS n FROM credit');
  return row?.n ?? 0;
}
